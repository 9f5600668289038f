/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device-tree reader. Trusts its blob: it comes from whoever made the machine. */
#include <inmate/fdt.h>
#include <inmate/string.h>

#define FDT_MAGIC	0xd00dfeed
#define FDT_BEGIN_NODE	1
#define FDT_END_NODE	2
#define FDT_PROP	3
#define FDT_NOP		4

/* Indices of the header's cells. */
enum { HDR_MAGIC, HDR_SIZE, HDR_STRUCT, HDR_STRINGS };

static const u8 *blob;
static const u8 *structure;
static const char *strings;

u32 fdt_cell(const void *cells, u32 index)
{
	return __builtin_bswap32(((const u32 *)cells)[index]);
}

u64 fdt_number(const void *cells, u32 index, u32 count)
{
	u64 value = 0;

	while (count--)
		value = value << 32 | fdt_cell(cells, index++);
	return value;
}

bool fdt_init(const void *at)
{
	if (fdt_cell(at, HDR_MAGIC) != FDT_MAGIC)
		return false;
	blob = at;
	structure = blob + fdt_cell(at, HDR_STRUCT);
	strings = (const char *)blob + fdt_cell(at, HDR_STRINGS);
	return true;
}

const void *fdt_blob(void)
{
	return blob;
}

u32 fdt_size(void)
{
	return blob ? fdt_cell(blob, HDR_SIZE) : 0;
}

static u32 token_at(int offset)
{
	return fdt_cell(structure + offset, 0);
}

/* Offset behind the token at `offset`; -1 behind the last. */
static int skip_token(int offset)
{
	switch (token_at(offset)) {
	case FDT_BEGIN_NODE:
		return offset + 4 + (int)ALIGN_UP(strlen((const char *)structure + offset + 4) + 1, 4);
	case FDT_PROP:
		return offset + 12 + (int)ALIGN_UP(token_at(offset + 4), 4);
	case FDT_END_NODE:
	case FDT_NOP:
		return offset + 4;
	default:
		return -1;
	}
}

/* The next node in the order of the blob, whatever its depth; *depth follows. */
static int next_node(int node, int *depth)
{
	int offset = node < 0 ? 0 : skip_token(node);

	if (!blob)
		return -1;
	while (offset >= 0 && token_at(offset) != FDT_BEGIN_NODE) {
		if (token_at(offset) == FDT_END_NODE)
			--*depth;
		offset = skip_token(offset);
	}
	++*depth;
	return offset;
}

const void *fdt_prop(int node, const char *name, u32 *bytes)
{
	if (node < 0)
		return NULL;
	for (int at = skip_token(node); at >= 0; at = skip_token(at)) {
		if (token_at(at) == FDT_NOP)
			continue;
		if (token_at(at) != FDT_PROP)
			break;
		if (strcmp(strings + token_at(at + 8), name))
			continue;
		if (bytes)
			*bytes = token_at(at + 4);
		return structure + at + 12;
	}
	return NULL;
}

u32 fdt_u32(int node, const char *name, u32 otherwise)
{
	const void *value = fdt_prop(node, name, NULL);

	return value ? fdt_cell(value, 0) : otherwise;
}

static bool list_has(const char *list, u32 bytes, const char *text)
{
	for (u32 at = 0; at < bytes; at += strlen(list + at) + 1)
		if (!strcmp(list + at, text))
			return true;
	return false;
}

/* The first node behind `after` where the list of strings in `name` has that one. */
static int find_string(int after, const char *name, const char *text)
{
	int node = after, depth = 0;
	const char *list;
	u32 bytes;

	while ((node = next_node(node, &depth)) >= 0) {
		list = fdt_prop(node, name, &bytes);
		if (list && list_has(list, bytes, text))
			return node;
	}
	return -1;
}

int fdt_compatible(int after, const char *compatible)
{
	return find_string(after, "compatible", compatible);
}

int fdt_with_string(int after, const char *name, const char *value)
{
	return find_string(after, name, value);
}

int fdt_phandle(u32 phandle)
{
	int node = -1, depth = 0;

	while ((node = next_node(node, &depth)) >= 0)
		if (fdt_u32(node, "phandle", 0) == phandle)
			return node;
	return -1;
}

static bool name_matches(const char *name, const char *part, size_t bytes)
{
	return !strncmp(name, part, bytes) && (!name[bytes] || name[bytes] == '@');
}

int fdt_path(const char *path)
{
	int depth = 0, level = 1, node = next_node(-1, &depth);

	while (node >= 0 && *path == '/' && path[1]) {
		const char *part = ++path;

		while (*path && *path != '/' && *path != ':')
			path++;
		do {
			node = next_node(node, &depth);
			if (node < 0 || depth <= level)
				return -1;
		} while (depth != level + 1 || !name_matches((const char *)structure + node + 4, part, path - part));
		level++;
	}
	return node;
}

bool fdt_reg(int node, u32 n, u64 *base, u64 *size)
{
	int root = fdt_path("/");
	u32 a = fdt_u32(root, "#address-cells", 2), s = fdt_u32(root, "#size-cells", 1), bytes;
	const void *reg = fdt_prop(node, "reg", &bytes);

	if (!reg || bytes < (n + 1) * (a + s) * 4)
		return false;
	*base = fdt_number(reg, n * (a + s), a);
	*size = fdt_number(reg, n * (a + s) + a, s);
	return true;
}

u32 fdt_irq(int node, u32 n)
{
	u32 bytes;
	const void *irq = fdt_prop(node, "interrupts", &bytes);

	if (!irq || bytes < (n + 1) * 12)
		return 0;
	return fdt_cell(irq, n * 3 + 1) + (fdt_cell(irq, n * 3) ? 16 : 32);
}

static u64 parse_number(const char *text)
{
	u64 value = 0, base = 10;

	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	for (;; text++) {
		char c = *text | 0x20;
		u64 digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;

		if (digit >= base)
			return value;
		value = value * base + digit;
	}
}

u64 boot_arg(const char *name, u64 otherwise)
{
	const char *args = fdt_prop(fdt_path("/chosen"), "bootargs", NULL);
	size_t length = strlen(name);

	while (args && *args) {
		if (!strncmp(args, name, length) && args[length] == '=')
			return parse_number(args + length + 1);
		while (*args && *args != ' ')
			args++;
		while (*args == ' ')
			args++;
	}
	return otherwise;
}
