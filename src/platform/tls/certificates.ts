/**
 * What we show in TLS handshakes: a certificate for each name that a client may ask for (SNI), and whom we believe.
 *
 * The files are looked at every ten seconds; when one has changed all are read anew for the connections to come, and those that stand
 * go on. What cannot be read, or does not fit yet since only one of two files was replaced, changes nothing and is logged.
 *
 * Errors: those of certificate-files.ts. TLS 1.2 is the least that is spoken.
 */
import { unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, type SecureContext, type Server } from 'node:tls';
import { describeError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type CertificateFiles, type CertificatePair, readAuthorities, readCertificate } from './certificate-files.ts';

export interface TlsFiles extends CertificateFiles {
  /** Other certificates, for clients that ask for `name` (`example.com`, `*.example.com`). */
  readonly names: readonly (CertificateFiles & { readonly name: string })[];
  /** Whose certificates we believe; unset: the authorities that Node.js knows. */
  readonly ca: string | undefined;
}

export interface TlsOptions extends TlsFiles {
  /** none: clients are not asked; verify: one that is shown must be good; require: one must be shown. */
  readonly clientCertificate: 'none' | 'verify' | 'require';
  /** Whether the servers that we connect to must prove their names. */
  readonly verifyServer: boolean;
}

const LOOK_MS = 10_000;
const MIN_VERSION = 'TLSv1.2';

interface Loaded {
  readonly main: CertificatePair;
  readonly ca: string | undefined;
  readonly context: SecureContext;
  readonly byName: ReadonlyMap<string, SecureContext>;
  /** The first day on which one of them is no longer good. */
  readonly validTo: number;
}

export class Certificates {
  /** Those of the start. Its files may be others by now. */
  readonly options: TlsOptions;
  #files: TlsFiles;
  readonly #log: Log;
  readonly #servers = new Set<Server>();
  #loaded: Loaded;

  constructor(options: TlsOptions, log: Log) {
    this.options = options;
    this.#files = options;
    this.#log = log;
    this.#loaded = load(options);
    this.#watch();
  }

  /** Shown to clients that ask for no name, or one that has no certificate of its own, and to servers that ask. */
  get context(): SecureContext {
    return this.#loaded.context;
  }

  /** Milliseconds since the epoch. */
  get validTo(): number {
    return this.#loaded.validTo;
  }

  /** Options for a server; it gets new certificates when they are there, until it is closed. */
  serverOptions(clientCertificate = this.options.clientCertificate) {
    return {
      ...contextOptions(this.#loaded.main, this.#loaded.ca),
      requestCert: clientCertificate !== 'none',
      rejectUnauthorized: clientCertificate === 'require',
      SNICallback: (name: string, done: (error: Error | null, context?: SecureContext) => void) =>
        done(null, contextFor(this.#loaded, name)),
    };
  }

  serves(server: Server): void {
    this.#servers.add(server);
    server.on('close', () => this.#servers.delete(server));
  }

  /** Reads all files, which may be others than before; what is given puts them in force. */
  prepare(files: TlsFiles): () => void {
    const loaded = load(files);
    return () => {
      this.close();
      this.#files = files;
      this.#watch();
      this.#loaded = loaded;
      for (const server of this.#servers) server.setSecureContext(contextOptions(loaded.main, loaded.ca));
    };
  }

  close(): void {
    for (const file of filesOf(this.#files)) unwatchFile(file, this.#changed);
  }

  #watch(): void {
    for (const file of filesOf(this.#files)) watchFile(file, { interval: LOOK_MS, persistent: false }, this.#changed);
  }

  #changed = (): void => {
    try {
      this.prepare(this.#files)();
      this.#log.info('new certificates are in use', { certificate: this.#files.certificate });
    } catch (error) {
      this.#log.warn('the new certificates cannot be used, the old ones stay', { error: describeError(error) });
    }
  };
}

function load(options: TlsFiles): Loaded {
  const ca = options.ca === undefined ? undefined : readAuthorities(options.ca);
  const main = readCertificate(options);
  const byName = new Map<string, SecureContext>();
  let { validTo } = main;
  for (const files of options.names) {
    const pair = readCertificate(files);
    byName.set(files.name.toLowerCase(), createSecureContext(contextOptions(pair, ca)));
    validTo = Math.min(validTo, pair.validTo);
  }
  return { main, ca, context: createSecureContext(contextOptions(main, ca)), byName, validTo };
}

function contextOptions({ cert, key }: CertificatePair, ca: string | undefined) {
  return { cert, key, minVersion: MIN_VERSION, ...(ca === undefined ? {} : { ca }) } as const;
}

function contextFor({ byName, context }: Loaded, name: string): SecureContext {
  const asked = name.toLowerCase();
  return byName.get(asked) ?? byName.get(`*${asked.slice(asked.indexOf('.'))}`) ?? context;
}

function filesOf({ certificate, key, names, ca }: TlsFiles): Set<string> {
  const files = new Set([certificate, key]);
  for (const one of names) files.add(one.certificate).add(one.key);
  if (ca !== undefined) files.add(ca);
  return files;
}
