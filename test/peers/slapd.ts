/**
 * A private OpenLDAP server for one test: own data directory, free loopback ports with and without TLS, ended by its pid.
 *
 * Base `dc=example,dc=com`, administrator `cn=admin,dc=example,dc=com` with the password `s@cret`.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findProgram } from '../peers.ts';
import type { Cleanup } from './cleanup.ts';
import { freePort } from './ports.ts';

const run = promisify(execFile);
const START_MS = 30_000;

export interface Slapd {
  readonly url: string;
  readonly ldapsUrl: string;
  /** Of the authority that signed the server's certificate, which is its own. */
  readonly caFile: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** It takes connections and answers nothing until `thaw`. */
  freeze(): Promise<void>;
  thaw(): void;
}

export async function startSlapd(t: Cleanup, ldif: string): Promise<Slapd> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-slapd-'));
  let child: ChildProcess | undefined;
  t.after(async () => {
    child?.kill('SIGCONT');
    await end('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  const [port, tlsPort] = [await freePort(), await freePort()];
  const [data, configuration, entries] = [join(dir, 'data'), join(dir, 'slapd.conf'), join(dir, 'entries.ldif')];
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  mkdirSync(data);
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=slapd', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
  ]);
  writeFileSync(entries, ldif);
  writeFileSync(
    configuration,
    `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${dir}/pid
TLSCertificateFile ${certificate}
TLSCertificateKeyFile ${key}
database mdb
suffix dc=example,dc=com
rootdn cn=admin,dc=example,dc=com
rootpw s@cret
directory ${data}
dbnosync
maxsize 67108864
index uid,entryUUID eq
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
`,
  );
  await run(findProgram('slapadd')!, ['-q', '-f', configuration, '-l', entries]);
  const peer: Slapd = {
    url: `ldap://127.0.0.1:${port}`,
    ldapsUrl: `ldaps://127.0.0.1:${tlsPort}`,
    caFile: certificate,
    // In order it would wait some seconds for those who are connected.
    stop: () => end('SIGKILL'),
    async freeze() {
      const { pid } = child!;
      child!.kill('SIGSTOP');
      // A thread that runs on another processor is stopped a little later.
      while (!globSync(`/proc/${pid}/task/*/stat`).every(isStopped)) await sleep(10);
    },
    thaw: () => void child?.kill('SIGCONT'),
    async start() {
      child = spawn(findProgram('slapd')!, ['-d', '0', '-f', configuration, '-h', `${peer.url} ${peer.ldapsUrl}`], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr!.on('data', (text) => {
        said = (said + text).slice(-4_000);
      });
      const limit = Date.now() + START_MS;
      while (!((await answers(port)) && (await answers(tlsPort)))) {
        if (child.exitCode !== null || Date.now() > limit) throw new Error(`slapd did not start:\n${said}`);
        await sleep(50);
      }
    },
  };
  await peer.start();
  return peer;

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ended = child;
    child = undefined;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    const gone = once(ended, 'exit');
    ended.kill(signal);
    await gone;
  }
}

function isStopped(path: string): boolean {
  return /\) T /.test(readFileSync(path, 'utf8'));
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
