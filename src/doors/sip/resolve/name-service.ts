/**
 * Asks for the addresses and services of host names: the hosts file first, then DNS. A name of the hosts file has its addresses from
 * there and no other records. A name without a dot is looked up as every program of the machine does (search domains, mDNS).
 *
 * A truncated answer is asked for again over TCP, by node:dns. It tells the time to live of addresses alone.
 */
import { lookup, Resolver } from 'node:dns';
import { HostsFile } from './hosts-file.ts';
import type { Answer, LookUp, NaptrRecord, RecordType, ServiceRecord } from './records.ts';

/** For one server; then the next is asked, twice round. Whoever waits has given up by then. */
const TIMEOUT_MS = 1000;
const ROUNDS = 2;
/** Answers that are certain: there is no such name, or no such record. */
const NONE = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

export interface NameService {
  readonly lookUp: LookUp;
  /** What is still asked for is answered by nobody. */
  stop(): void;
}

/** `servers`: addresses, with ports where it is not 53; empty: those of the system. */
export function createNameService(servers: readonly string[], hosts = new HostsFile()): NameService {
  let resolver: Resolver | undefined;
  return { lookUp, stop: () => resolver?.cancel() };

  function lookUp(type: RecordType, name: string, done: (answer: Answer | undefined) => void): void {
    const isAddress = type === 'A' || type === 'AAAA';
    const known = hosts.addressesOf(type === 'SRV' ? domainOf(name) : name);
    if (known !== undefined)
      later(done, isAddress ? known.filter((one) => one.includes(':') === (type === 'AAAA')) : []);
    else if ((type === 'SRV' ? domainOf(name) : name).includes('.')) ask(type, name, done);
    else if (!isAddress) later(done, []);
    else
      lookup(name, { all: true, family: type === 'A' ? 4 : 6 }, (error, found) =>
        done(error ? failed(error) : { records: found.map(({ address }) => address) }),
      );
  }

  function ask(type: RecordType, name: string, done: (answer: Answer | undefined) => void): void {
    resolver ??= open();
    switch (type) {
      case 'A':
        resolver.resolve4(name, { ttl: true }, (error, found) => done(error ? failed(error) : addresses(found)));
        break;
      case 'AAAA':
        resolver.resolve6(name, { ttl: true }, (error, found) => done(error ? failed(error) : addresses(found)));
        break;
      case 'SRV':
        resolver.resolveSrv(name, (error, found) => done(error ? failed(error) : { records: found.map(service) }));
        break;
      case 'NAPTR':
        resolver.resolveNaptr(name, (error, found) => done(error ? failed(error) : { records: found.map(naptr) }));
    }
  }

  function open(): Resolver {
    const made = new Resolver({ timeout: TIMEOUT_MS, tries: ROUNDS });
    if (servers.length > 0) made.setServers(servers);
    return made;
  }
}

function later(done: (answer: Answer) => void, records: readonly string[]): void {
  process.nextTick(done, { records });
}

function failed({ code }: NodeJS.ErrnoException): Answer | undefined {
  return NONE.has(code ?? '') ? { records: [] } : undefined;
}

function addresses(found: readonly { address: string; ttl: number }[]): Answer {
  const ttl = Math.min(...found.map((one) => one.ttl));
  return { records: found.map(({ address }) => address), ttlMs: ttl * 1000 };
}

function service({ priority, weight, port, name }: ServiceRecord): ServiceRecord {
  return { priority, weight, port, name: plain(name) };
}

function naptr(record: NaptrRecord): NaptrRecord {
  return { ...record, replacement: plain(record.replacement) };
}

/** In lower case, without the dot of the root. */
function plain(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}

/** `_sip._udp.example.com`: example.com. */
function domainOf(service: string): string {
  return service.split('.').slice(2).join('.');
}
