/* SPDX-License-Identifier: GPL-2.0-only */
/* Configuration space: offsets and fields, with the names of the PCI and PCI Express specifications. */
#ifndef PCI_PCI_REGS_H
#define PCI_PCI_REGS_H

#include <hyp/bits.h>

#define PCI_FUNCTION_SIZE	4096u
#define PCI_HEADER_END		0x40u
#define PCI_CONVENTIONAL_END	0x100u
#define PCI_BUS_FUNCTIONS	256u
#define PCI_ABSENT		0xffffffffu
#define PCI_RETRY_STATUS	0xffff0001u	/* ID while a function is not ready after a reset */

#define PCI_ID			0x00
#define PCI_VENDOR		GENMASK(15, 0)
#define PCI_COMMAND		0x04	/* and Status in the upper half */
#define PCI_COMMAND_IO		BIT(0)
#define PCI_COMMAND_MEM		BIT(1)
#define PCI_COMMAND_MASTER	BIT(2)
#define PCI_COMMAND_PARITY	BIT(6)
#define PCI_COMMAND_SERR	BIT(8)
#define PCI_COMMAND_INTX_OFF	BIT(10)
#define PCI_STATUS_W1C		0xf9000000u
#define PCI_STATUS_INTX		BIT(19)	/* in the register at PCI_COMMAND, as the next one */
#define PCI_STATUS_CAPS		BIT(20)	/* in the register at PCI_COMMAND */
#define PCI_CLASS		0x08	/* and revision ID */
#define PCI_TYPE		0x0c	/* cache line size, latency timer, header type, BIST */
#define PCI_HEADER_TYPE		GENMASK(22, 16)
#define PCI_MULTI_FUNCTION	BIT(23)
#define PCI_TYPE_BRIDGE		1
#define PCI_BAR0		0x10
#define PCI_BAR1		0x14
#define PCI_BAR2		0x18
#define PCI_BAR5		0x24
#define PCI_BARS_FUNCTION	6
#define PCI_BARS_BRIDGE		2
#define PCI_BAR_IO		BIT(0)
#define PCI_BAR_64		BIT(2)
#define PCI_BAR_PREFETCH	BIT(3)
#define PCI_BAR_FLAGS		GENMASK(3, 0)
#define PCI_SUBSYSTEM		0x2c
#define PCI_ROM_FUNCTION	0x30
#define PCI_ROM_BRIDGE		0x38
#define PCI_ROM_ENABLE		BIT(0)
#define PCI_ROM_ADDRESS		GENMASK(31, 11)
#define PCI_CAP_POINTER		0x34
#define PCI_INTERRUPT		0x3c	/* line, pin; bridges: Bridge Control in the upper half */

/* bridges */
#define PCI_BUSES		0x18
#define PCI_BUS_SECONDARY	GENMASK(15, 8)
#define PCI_BUS_SUBORDINATE	GENMASK(23, 16)
#define PCI_IO_WINDOW		0x1c	/* and Secondary Status in the upper half */
#define PCI_MEM_WINDOW		0x20
#define PCI_PREF_WINDOW		0x24
#define PCI_PREF_BASE_HIGH	0x28
#define PCI_PREF_LIMIT_HIGH	0x2c
#define PCI_IO_WINDOW_HIGH	0x30
#define PCI_WINDOW_BASE		GENMASK(15, 4)	/* address bits 31:20 */
#define PCI_WINDOW_LIMIT	GENMASK(31, 20)

/* capabilities: the dword at their offset holds ID and next pointer */
#define PCI_CAP_ID		GENMASK(7, 0)
#define PCI_CAP_NEXT		GENMASK(15, 8)
#define PCI_CAP_PM		0x01
#define PCI_CAP_VENDOR		0x09
#define PCI_CAP_SUBSYSTEM	0x0d
#define PCI_CAP_EXPRESS		0x10
#define PCI_CAP_AF		0x13
#define PCI_CAP_EA		0x14

#define PCI_PM_CONTROL		0x04
#define PCI_PM_STATE		GENMASK(1, 0)
#define PCI_PM_D0		0
#define PCI_PM_D3		3
#define PCI_PM_NO_SOFT_RESET	BIT(3)
#define PCI_PM_PME_ENABLE	BIT(8)
#define PCI_PM_PME_STATUS	BIT(15)

#define PCI_EXP_DEVCAP		0x04
#define PCI_EXP_DEVCAP_FLR	BIT(28)
#define PCI_EXP_DEVCTL		0x08
#define PCI_EXP_DEVCTL_FLR	BIT(15)
#define PCI_EXP_LNKCTL		0x10
#define PCI_EXP_SLTCTL		0x18
#define PCI_EXP_RTCTL		0x1c
#define PCI_EXP_RTSTA		0x20
#define PCI_EXP_DEVCTL2		0x28
#define PCI_EXP_SIZE		0x3c

#define PCI_AF_FLR_CAP		BIT(25)	/* in the capability's first dword */
#define PCI_AF_CONTROL		0x04
#define PCI_AF_FLR		BIT(0)

/* extended capabilities */
#define PCI_EXT_FIRST		0x100u
#define PCI_EXT_ID		GENMASK(15, 0)
#define PCI_EXT_NEXT		GENMASK(31, 20)
#define PCI_EXT_SERIAL		0x0003
#define PCI_EXT_VENDOR		0x000b
#define PCI_EXT_DVSEC		0x0023

#endif
