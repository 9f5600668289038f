# SPDX-License-Identifier: GPL-2.0-only
# The host's tools, and cloisterctl for the root cell.

include tools/cloister.mk
-include tools/cloisterctl/cloisterctl.mk
