/* store_pages - LMDB's file format, read without LMDB: is each page somebody's, and nobody's twice? */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * source  the file format of LMDB 0.9 on machines of 64 bits, in their byte order.
 *
 *   page    u64 number, u16 pad, u16 kind, u16 lower, u16 upper (overflow: u32 pages in their place); places of nodes
 *   node    u16 low, u16 high, u16 flags, u16 key length, key, value. Leaf: low and high are the value's length;
 *           branch: low, high and flags are the number of the page below
 *   tree    u32 pad, u16 flags, u16 depth, u64 branch pages, leaf pages, overflow pages, entries, root
 *   meta    page, u32 magic, u32 version, u64 address, u64 map size, tree of free pages (its pad is the page size),
 *           nameless tree, u64 last page, u64 number of the transaction
 *
 * A value that is too long for its page stands on overflow pages, and a node of the nameless tree may hold another
 * tree. The values of the tree of free pages are a count and so many page numbers.
 */
enum page_kind { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8, PAGE_KINDS = 15 };
enum node_flag { ENTRY_OVERFLOW = 1, ENTRY_TREE = 2 };

#define MAGIC 0xBEEFC0DE
#define VERSION 1
#define PAGE_HEADER 16
#define NODE_HEADER 8
#define TREE_SIZE 48
#define TREE_INTEGER_KEYS 8 /* the only flag, and only of the tree of free pages */
#define META_FREE 40
#define META_NAMELESS 88
#define META_LAST_PAGE 136
#define META_NUMBER 144
#define META_END 152
#define NO_PAGE UINT64_MAX
#define PAGE_LEAST 512
#define PAGE_MOST 65536
#define DEPTH_MOST 32
#define BEYOND_END 64 /* free pages at the end that were taken and never written */

struct tree {
	uint16_t flags, depth;
	uint64_t branches, leaves, overflows, entries, root;
};

struct meta {
	struct tree free, nameless;
	uint64_t last_page, number;
};

struct file {
	const unsigned char *bytes;
	uint64_t pages; /* whole ones, in the file */
	size_t page_bytes;
	uint64_t last_page;  /* of the newest snapshot */
	unsigned char *seen; /* a bit a page */
	struct error *err;
};

static uint16_t
u16(const unsigned char *at)
{
	uint16_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

static uint32_t
u32(const unsigned char *at)
{
	uint32_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

static uint64_t
u64(const unsigned char *at)
{
	uint64_t number;

	memcpy(&number, at, sizeof(number));
	return number;
}

static struct tree
tree_at(const unsigned char *at)
{
	return (struct tree){u16(at + 4),  u16(at + 6),  u64(at + 8), u64(at + 16),
	                     u64(at + 24), u64(at + 32), u64(at + 40)};
}

static int
damaged(const struct file *file, const char *what, uint64_t page)
{
	return error_set(file->err, ERROR_DAMAGED, NULL, "%s (page %" PRIu64 ")", what, page);
}

/* A page that says itself that it is this one; NULL when it is not in the file or does not. */
static const unsigned char *
page_at(const struct file *file, uint64_t number)
{
	const unsigned char *page;

	if (number >= file->pages)
		return NULL;
	page = file->bytes + number * file->page_bytes;
	return u64(page) == number ? page : NULL;
}

/* Nodes of a branch or leaf page. */
static unsigned
nodes_of(const struct file *file, const unsigned char *page)
{
	unsigned lower = u16(page + 12);

	return lower >= PAGE_HEADER && lower <= file->page_bytes ? (lower - PAGE_HEADER) / 2 : 0;
}

/* NULL when it does not lie within its page with its key and so many bytes of value. */
static const unsigned char *
node_at(const struct file *file, const unsigned char *page, unsigned i, bool leaf)
{
	size_t at = u16(page + PAGE_HEADER + 2 * i), len;
	const unsigned char *node = page + at;

	if (at < u16(page + 12) || at + NODE_HEADER > file->page_bytes)
		return NULL;
	len = !leaf ? 0 : u16(node + 4) & ENTRY_OVERFLOW ? 8 : u32(node);
	return at + NODE_HEADER + u16(node + 6) + len <= file->page_bytes ? node : NULL;
}

static uint64_t
page_below(const unsigned char *node)
{
	return u32(node) | (uint64_t)u16(node + 4) << 32;
}

/* The page is somebody's: once only. */
static int
pages_take(struct file *file, uint64_t number)
{
	unsigned char bit = (unsigned char)(1 << number % 8);

	if (number > file->last_page)
		return damaged(file, "a page behind the last one is used", number);
	if (file->seen[number / 8] & bit)
		return damaged(file, "a page is used twice", number);
	file->seen[number / 8] |= bit;
	return 0;
}

/* --- one tree --- */

enum tree_kind { TREE_FREE, TREE_NAMELESS, TREE_NAMED };

struct pages_walk {
	struct file *file;
	enum tree_kind kind;
	struct tree found;
};

static int walk_tree(struct file *file, const struct tree *tree, enum tree_kind kind, uint64_t where);

/* The pages that one value of the free list names. */
static int
take_free(struct file *file, const unsigned char *value, uint64_t len, uint64_t where)
{
	uint64_t count = len >= 8 ? u64(value) : UINT64_MAX;
	int r = 0;

	if (count > len / 8 - 1)
		return damaged(file, "a list of free pages is cut short", where);
	for (uint64_t i = 1; r == 0 && i <= count; i++)
		r = pages_take(file, u64(value + 8 * i));
	return r;
}

/* The pages that a long value stands on. */
static int
take_overflow(struct pages_walk *walk, uint64_t number, uint64_t len)
{
	struct file *file = walk->file;
	const unsigned char *page = page_at(file, number);
	uint64_t count = page ? u32(page + 12) : 0;
	int r = 0;

	if (!page || (u16(page + 10) & PAGE_KINDS) != PAGE_OVERFLOW || count > file->pages - number ||
	    count * file->page_bytes < PAGE_HEADER + len)
		return damaged(file, "a value does not stand where its entry says", number);
	for (uint64_t i = 0; r == 0 && i < count; i++)
		r = pages_take(file, number + i);
	walk->found.overflows += count;
	if (r == 0 && walk->kind == TREE_FREE)
		r = take_free(file, page + PAGE_HEADER, len, number);
	return r;
}

static int
walk_entry(struct pages_walk *walk, const unsigned char *node, uint64_t where)
{
	const unsigned char *value = node + NODE_HEADER + u16(node + 6);
	uint64_t len = u32(node);
	unsigned flags = u16(node + 4);
	struct tree tree;

	walk->found.entries++;
	if (flags == ENTRY_OVERFLOW)
		return take_overflow(walk, u64(value), len);
	if (flags == ENTRY_TREE && walk->kind == TREE_NAMELESS && len == TREE_SIZE) {
		tree = tree_at(value);
		return walk_tree(walk->file, &tree, TREE_NAMED, where);
	}
	if (flags != 0)
		return damaged(walk->file, "an entry has flags that nobody sets", where);
	return walk->kind == TREE_FREE ? take_free(walk->file, value, len, where) : 0;
}

/* level: 1 for leaves. */
static int
walk_page(struct pages_walk *walk, uint64_t number, unsigned level)
{
	struct file *file = walk->file;
	const unsigned char *page = page_at(file, number);
	int r = pages_take(file, number);
	unsigned count;

	if (r != 0)
		return r;
	if (!page || (u16(page + 10) & PAGE_KINDS) != (level > 1 ? PAGE_BRANCH : PAGE_LEAF))
		return damaged(file, "a page is not what its tree says", number);
	count = nodes_of(file, page);
	if (count == 0)
		return damaged(file, "a page is empty", number);
	if (level > 1)
		walk->found.branches++;
	else
		walk->found.leaves++;
	for (unsigned i = 0; r == 0 && i < count; i++) {
		const unsigned char *node = node_at(file, page, i, level == 1);

		if (!node)
			return damaged(file, "an entry does not lie in its page", number);
		r = level > 1 ? walk_page(walk, page_below(node), level - 1) : walk_entry(walk, node, number);
	}
	return r;
}

/* where: the page that tells of the tree. */
static int
walk_tree(struct file *file, const struct tree *tree, enum tree_kind kind, uint64_t where)
{
	struct pages_walk walk = {.file = file, .kind = kind};
	const struct tree *found = &walk.found;
	int r = 0;

	if (tree->flags != (kind == TREE_FREE ? TREE_INTEGER_KEYS : 0) || tree->depth > DEPTH_MOST ||
	    (tree->depth == 0) != (tree->root == NO_PAGE))
		return damaged(file, "a tree is described wrongly", where);
	if (tree->root != NO_PAGE)
		r = walk_page(&walk, tree->root, tree->depth);
	if (r != 0)
		return r;
	if (found->branches != tree->branches || found->leaves != tree->leaves || found->overflows != tree->overflows ||
	    found->entries != tree->entries)
		return damaged(file, "a tree has more or less than is said of it", where);
	return 0;
}

/* --- meta pages --- */

static int
meta_read(const struct file *file, unsigned i, struct meta *ret)
{
	const unsigned char *page = file->bytes + i * file->page_bytes;

	if (u16(page + 10) != PAGE_META || u32(page + 16) != MAGIC || u32(page + 20) != VERSION ||
	    u32(page + META_FREE) != file->page_bytes)
		return damaged(file, "a meta page is none", i);
	*ret = (struct meta){tree_at(page + META_FREE), tree_at(page + META_NAMELESS), u64(page + META_LAST_PAGE),
	                     u64(page + META_NUMBER)};
	return 0;
}

/* Whether the number of a snapshot is the one that its last entry holds. */
static int
check_seal(const struct file *file, const struct meta *meta, unsigned i)
{
	uint64_t number = meta->nameless.root;

	if (meta->number == 0)
		return number == NO_PAGE ? 0 : damaged(file, "a meta page has lost its number", i);
	for (unsigned level = 0; level < DEPTH_MOST; level++) {
		const unsigned char *page = number == NO_PAGE ? NULL : page_at(file, number), *node;
		unsigned count = page ? nodes_of(file, page) : 0;
		bool leaf = page && u16(page + 10) & PAGE_LEAF;

		node = count ? node_at(file, page, count - 1, leaf) : NULL;
		if (!node)
			break;
		if (!leaf) {
			number = page_below(node);
			continue;
		}
		if (u32(node) == STORE_SEAL_SIZE && u16(node + 4) == 0 && u16(node + 6) == 1 &&
		    memcmp(node + NODE_HEADER, STORE_SEAL_KEY, 1) == 0 && u64(node + NODE_HEADER + 1) == meta->number)
			return 0;
		break;
	}
	return damaged(file, "a meta page is not that of its transaction", i);
}

/* Both meta pages: ret is the newer one. They take turns, so their numbers are neighbours. */
static int
check_metas(struct file *file, struct meta *ret)
{
	struct meta metas[2];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < 2; i++) {
		r = meta_read(file, i, &metas[i]);
		if (r == 0)
			r = check_seal(file, &metas[i], i);
	}
	if (r != 0)
		return r;
	*ret = metas[metas[1].number > metas[0].number];
	if (metas[0].number + 1 != metas[1].number && metas[1].number + 1 != metas[0].number &&
	    (metas[0].number || metas[1].number))
		return damaged(file, "the meta pages do not follow each other", 0);
	if (ret->last_page >= file->pages + BEYOND_END)
		return damaged(file, "the file is cut short; it should have this", ret->last_page);
	return 0;
}

static int
check_mapped(struct file *file)
{
	struct meta meta;
	int r = check_metas(file, &meta);

	if (r != 0)
		return r;
	file->last_page = meta.last_page;
	file->seen = calloc(1, meta.last_page / 8 + 1);
	if (!file->seen)
		return error_set(file->err, ERROR_MEMORY, NULL, "out of memory");
	file->seen[0] = 3; /* the meta pages */
	r = walk_tree(file, &meta.free, TREE_FREE, 0);
	if (r == 0)
		r = walk_tree(file, &meta.nameless, TREE_NAMELESS, 0);
	free(file->seen);
	return r;
}

static int
check_file(struct file *file, int fd, size_t len)
{
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	int r;

	if (map == MAP_FAILED)
		return error_set(file->err, errno == ENOMEM ? ERROR_MEMORY : ERROR_IO, NULL,
		                 "cannot map the database: %s", strerror(errno));
	file->bytes = map;
	r = check_mapped(file);
	(void)munmap(map, len); /* as it was mapped */
	return r;
}

int
store_check_file(const char *path, struct error *err)
{
	struct file file = {.err = err};
	unsigned char head[META_END];
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return errno == ENOENT ? 0
		                       : error_set(err, ERROR_IO, NULL, "cannot open '%s': %s", path, strerror(errno));
	if (fstat(fd, &status) == 0 && pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head)) {
		file.page_bytes = u32(head + META_FREE);
		if (file.page_bytes >= PAGE_LEAST && file.page_bytes <= PAGE_MOST)
			file.pages = (uint64_t)status.st_size / file.page_bytes;
		r = file.pages >= 2 ? check_file(&file, fd, (size_t)status.st_size)
		                    : damaged(&file, "a meta page is none", 0);
	}
	(void)close(fd); /* only read */
	return r;
}
