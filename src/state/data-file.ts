import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/*
 * What can be told of LMDB's data file without LMDB, which crashes the process on a damaged one. The file begins with two meta pages, of which the
 * one with the higher transaction id counts: a page header of 24 bytes (flags at 18), then (mdb.c, MDB_meta) magic, version, address, map size, two
 * databases of 48 bytes (page size or padding, flags, depth, three page counts, entries, root page), last page, transaction id.
 */

const magic = 0xbeefc0de;
const dataVersion = 2;
const metaFlag = 0x08;
const noPage = 0xffff_ffff_ffff_ffffn;

/** `new`: LMDB has not written anything; `suspect`: damaged, or not: reading all of it tells. */
export type DataFileState = 'new' | 'sound' | 'suspect' | 'damaged';

interface Meta {
  readonly pageSize: number;
  readonly roots: readonly bigint[];
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/** Reads the head of a data file; one that is not there is new. */
export function checkDataFile(file: string): DataFileState {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'new';
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    return size === 0 ? 'new' : checkMetas(descriptor, BigInt(size));
  } finally {
    closeSync(descriptor);
  }
}

function checkMetas(descriptor: number, size: bigint): DataFileState {
  const first = readMeta(descriptor, 0);
  const second = first === null ? null : readMeta(descriptor, first.pageSize);
  if (first === null || second?.pageSize !== first.pageSize) return 'damaged';
  const pages = size / BigInt(first.pageSize);
  const latest = first.transaction >= second.transaction ? first : second;
  const isRooted = latest.roots.every((root) => root === noPage || (root > 1n && root <= latest.lastPage && root < pages));
  if (!isRooted) return 'damaged';
  // Each transaction writes the other meta page. Pages at the end that were freed before they were written may lack.
  const distance = first.transaction - second.transaction;
  const isNeat = distance >= -1n && distance <= 1n && latest.lastPage < pages;
  return isNeat ? 'sound' : 'suspect';
}

function readMeta(descriptor: number, at: number): Meta | null {
  const page = Buffer.alloc(168);
  if (readSync(descriptor, page, 0, page.length, at) < page.length) return null;
  const pageSize = page.readUInt32LE(48);
  const isMeta = (page.readUInt16LE(18) & metaFlag) !== 0 && page.readUInt32LE(24) === magic && (page.readUInt32LE(28) & 0xffff) === dataVersion;
  const isPageSize = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  if (!isMeta || !isPageSize || page.readUInt16LE(54) > 32 || page.readUInt16LE(102) > 32) return null;
  return { pageSize, roots: [page.readBigUInt64LE(88), page.readBigUInt64LE(136)], lastPage: page.readBigUInt64LE(144), transaction: page.readBigUInt64LE(152) };
}
