/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses as types: a physical address (PA) and an intermediate physical address (IPA) cannot be mixed up by
 * accident, in any build. Virtual addresses of the hypervisor are plain pointers.
 */
#ifndef HYP_ADDR_H
#define HYP_ADDR_H

#include <hyp/types.h>

typedef struct { u64 pa; } paddr_t;
typedef struct { u64 ipa; } ipaddr_t;

static inline paddr_t pa(u64 value) { return (paddr_t){ value }; }
static inline ipaddr_t ipa(u64 value) { return (ipaddr_t){ value }; }
static inline paddr_t pa_add(paddr_t p, u64 bytes) { return (paddr_t){ p.pa + bytes }; }
static inline ipaddr_t ipa_add(ipaddr_t i, u64 bytes) { return (ipaddr_t){ i.ipa + bytes }; }

#endif
