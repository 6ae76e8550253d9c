/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAFTS   ".flowdeliver"
#define KEY_ROOM 1100

static int fail(struct tree *tree, const char *what)
{
    snprintf(tree->problem, sizeof(tree->problem), "%s/%s: %s", tree->path, what,
             strerror(errno));
    return TREE_FAILED;
}

/* Everything in .flowdeliver but the lock. */
static int remove_leftovers(struct tree *tree)
{
    const int fd = dup(tree->drafts);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return fail(tree, DRAFTS);
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "lock") == 0)
            continue;
        if (unlinkat(tree->drafts, entry->d_name, 0) == 0)
            tree->leftovers++;
    }
    closedir(dir);
    return 0;
}

static int take_lock(struct tree *tree)
{
    struct flock lock;

    tree->lock = openat(tree->drafts, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (tree->lock < 0)
        return fail(tree, DRAFTS "/lock");
    memset(&lock, 0, sizeof(lock));
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (fcntl(tree->lock, F_SETLK, &lock) == 0)
        return 0;
    if (errno != EACCES && errno != EAGAIN)
        return fail(tree, DRAFTS "/lock");
    snprintf(tree->problem, sizeof(tree->problem), "%s: another program delivers here",
             tree->path);
    return TREE_FAILED;
}

/* Open a directory below `at`, made if it is not there. */
static int open_below(int at, const char *name)
{
    if (mkdirat(at, name, 0777) != 0 && errno != EEXIST)
        return -1;
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A directory's own name on disk. */
static int sync_name(int fd)
{
    const int above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int result = above < 0 ? -1 : fsync(above);

    if (above >= 0)
        close(above);
    return result;
}

int tree_open(struct tree *tree, const char *path)
{
    memset(tree, 0, sizeof(*tree));
    tree->path = path;
    tree->drafts = tree->lock = -1;
    tree->root = open_below(AT_FDCWD, path);
    if (tree->root < 0 || sync_name(tree->root) != 0)
        return fail(tree, "");
    tree->drafts = open_below(tree->root, DRAFTS);
    if (tree->drafts < 0)
        return fail(tree, DRAFTS);
    if (take_lock(tree) != 0 || remove_leftovers(tree) != 0)
        return TREE_FAILED;
    return 0;
}

static void draft_name(unsigned number, char name[16])
{
    snprintf(name, 16, "%u", number);
}

int tree_begin(struct tree *tree, unsigned number)
{
    char name[16];
    int fd;

    draft_name(number, name);
    fd = openat(tree->drafts, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return fd < 0 ? fail(tree, DRAFTS) : fd;
}

/*
 * Go down the folders of a key, making those that are missing, each on disk before the next.
 * The descriptor of the last one, or -1; *name is what follows it.
 */
static int go_down(struct tree *tree, char *key, const char **name)
{
    int at = dup(tree->root), below;
    char *slash;

    while (at >= 0 && (slash = strchr(key, '/')) != NULL) {
        *slash = '\0';
        below = open_below(at, key);
        if (below >= 0 && fsync(at) != 0) {
            close(below);
            below = -1;
        }
        close(at);
        at = below;
        key = slash + 1;
    }
    *name = key;
    return at;
}

/* The name, in a directory that is then on disk. */
static int link_draft(struct tree *tree, const char *draft, const char *key)
{
    char folders[KEY_ROOM];
    const char *name;
    int at, result;

    if (strlen(key) >= sizeof(folders)) {
        errno = ENAMETOOLONG;
        return fail(tree, key);
    }
    strcpy(folders, key);
    at = go_down(tree, folders, &name);
    if (at < 0)
        return fail(tree, key);
    result = linkat(tree->drafts, draft, at, name, 0);
    if (result != 0 && errno == EEXIST)
        result = TREE_EXISTS;
    else if (result != 0 || fsync(at) != 0)
        result = fail(tree, key);
    close(at);
    return result;
}

int tree_publish(struct tree *tree, unsigned number, int fd, const char *key)
{
    char draft[16];
    int result;

    draft_name(number, draft);
    result = fsync(fd) != 0 ? fail(tree, key) : link_draft(tree, draft, key);
    if (result == TREE_EXISTS)
        return result;
    close(fd);
    if (result == 0)
        unlinkat(tree->drafts, draft, 0);
    return result;
}

void tree_close(struct tree *tree)
{
    if (tree->lock >= 0)
        close(tree->lock);
    if (tree->drafts >= 0)
        close(tree->drafts);
    if (tree->root >= 0)
        close(tree->root);
}
