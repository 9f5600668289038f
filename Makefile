# SPDX-License-Identifier: GPL-2.0-only
# Cloister. `make help` lists the targets.

BUILD	?= build
PYTHON	?= /usr/bin/python3
CROSS	?= $(if $(shell command -v aarch64-none-elf-gcc 2>/dev/null),aarch64-none-elf-,aarch64-linux-gnu-)
HOSTCC	?= gcc
# of the hypervisor's sources on the host: all there is
HOST_OPTIONS := $(patsubst %,-DCONFIG_%=1,PCI VSMMU VPL011 IVSHMEM)
BOARD	?= qemu-virt
# a deliberate defect, for tests that must fail: see hypervisor/include/hyp/mutate.h
MUTATION ?= NONE
V	?= 0
Q	:= $(if $(filter 1,$(V)),,@)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

include hypervisor/build.mk
-include inmates/build.mk tools/build.mk tools/guest.mk driver/build.mk tests/build.mk

.PHONY: all clean help
all: hypervisor

clean:
	rm -rf $(BUILD)/hypervisor* $(BUILD)/inmates $(BUILD)/tools $(BUILD)/driver $(BUILD)/tests $(BUILD)/$(BOARD)
