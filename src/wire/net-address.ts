import type { ByteReader } from './reader.ts';
import type { ByteWriter } from './writer.ts';

/** A network address as messages carry it. */
export interface NetAddress {
  /** See `Services`. */
  readonly services: bigint;
  /** 16 bytes: IPv6, IPv4 as `::ffff:a.b.c.d`, zero if unknown. */
  readonly ip: Uint8Array;
  readonly port: number;
  /** Unix seconds when the address was last seen, u32; absent in `version` and below protocol version 31402. */
  readonly timestamp?: number;
}

/** An IP of 16 zero bytes: address unknown. */
export const UNKNOWN_IP: Uint8Array = new Uint8Array(16);

/** Bytes of a network address on the wire. */
export function netAddressSize(withTimestamp: boolean): number {
  return withTimestamp ? 30 : 26;
}

/** Sizes of the fields of a network address in bytes. */
export function netAddressFields(withTimestamp: boolean): readonly number[] {
  return withTimestamp ? [4, 8, 16, 2] : [8, 16, 2];
}

/** Decodes a network address; the IP is a view. */
export function readNetAddress(reader: ByteReader, withTimestamp: boolean): NetAddress {
  if (!withTimestamp) return { services: reader.u64(), ip: reader.bytes(16), port: reader.u16be() };
  const timestamp = reader.u32();
  return { services: reader.u64(), ip: reader.bytes(16), port: reader.u16be(), timestamp };
}

/** Appends a network address; a missing timestamp is written as 0. */
export function writeNetAddress(writer: ByteWriter, address: NetAddress, withTimestamp: boolean): void {
  if (withTimestamp) writer.u32(address.timestamp ?? 0);
  writer.u64(address.services);
  writer.bytes(address.ip);
  writer.u16be(address.port);
}
