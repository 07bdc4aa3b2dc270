import type { PoolEntry } from './pool-entry.ts';

/**
 * How many ancestors a transaction counts for. A bound is needed, since the pool allows chains of any length; it also
 * means that one well paying transaction cannot hold a long chain of others in the pool.
 */
export const MAX_COUNTED_ANCESTORS = 25;

/** Ancestors (or descendants) of an entry, nearest first, at most {@link MAX_COUNTED_ANCESTORS}. */
function nearest(entry: PoolEntry, next: (of: PoolEntry) => Iterable<PoolEntry> | undefined): PoolEntry[] {
  const found = new Set<PoolEntry>();
  let level: PoolEntry[] = [entry];
  while (level.length > 0) {
    const following: PoolEntry[] = [];
    for (const at of level) {
      for (const relative of next(at) ?? []) {
        if (found.size >= MAX_COUNTED_ANCESTORS) return [...found];
        if (relative === entry || found.has(relative)) continue;
        found.add(relative);
        following.push(relative);
      }
    }
    level = following;
  }
  return [...found];
}

/**
 * Counts an entry, whose links are set, into the families of its ancestors, and its descendants into its own.
 * @param changed called for every entry whose sums changed.
 */
export function joinFamilies(entry: PoolEntry, changed: (entry: PoolEntry) => void): void {
  if (entry.parents) {
    entry.countedIn = nearest(entry, ({ parents }) => parents);
    for (const ancestor of entry.countedIn) count(ancestor, entry, 1, changed);
  }
  if (!entry.children) return;
  for (const descendant of nearest(entry, ({ children }) => children)) {
    descendant.countedIn ??= [];
    descendant.countedIn.push(entry);
    count(entry, descendant, 1, changed);
  }
}

/** Takes an entry that leaves the pool out of the families of those ancestors that are still there. */
export function leaveFamilies(entry: PoolEntry, changed: (entry: PoolEntry) => void): void {
  for (const ancestor of entry.countedIn ?? []) {
    if (ancestor.heapIndex !== -1) count(ancestor, entry, -1, changed);
  }
  // Otherwise a chain that never ends would hold on to all that were ever part of it.
  entry.countedIn = undefined;
}

function count(family: PoolEntry, member: PoolEntry, sign: 1 | -1, changed: (entry: PoolEntry) => void): void {
  family.familyFee += sign * member.feeValue;
  family.familySize += sign * member.virtualSize;
  changed(family);
}
