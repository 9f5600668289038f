/* SPDX-License-Identifier: GPL-2.0-only */
/* Errors inside the hypervisor: negative values of the hypercall ABI's codes, so that none needs translation. */
#ifndef HYP_ERRNO_H
#define HYP_ERRNO_H

#include <abi/hypercall.h>

#define EPERM		HC_EPERM
#define ENOENT		HC_ENOENT
#define EIO		HC_EIO
#define EAGAIN		HC_EAGAIN
#define ENOMEM		HC_ENOMEM
#define EFAULT		HC_EFAULT
#define EBUSY		HC_EBUSY
#define EINVAL		HC_EINVAL
#define ENOSPC		HC_ENOSPC
#define EEMPTY		HC_EEMPTY
#define ESTATE		HC_ESTATE

#endif
