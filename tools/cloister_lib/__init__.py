# SPDX-License-Identifier: GPL-2.0-only
"""The parts of `cloister`, from the YAML that people write to the binaries that the hypervisor reads."""
