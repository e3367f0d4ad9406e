import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Server } from '../../main.ts';
import type { Io } from '../io.ts';
import { startMessage } from './up.ts';

const io: Io = {
  out: () => {},
  err: () => {},
  notice: () => {},
  input: (async function* () {})(),
  terminal: { input: false, output: false, error: false },
  environment: {},
  paint: (_format, text) => text,
  paintError: (_format, text) => text,
};

function server(address: string): Server {
  return {
    listeners: () => [
      { door: 'sip', what: 'sip udp', address, port: 5060 },
      { door: 'sip', what: 'sip tcp', address, port: 5060 },
      { door: 'console', what: 'http', address: '127.0.0.1', port: 8080 },
    ],
    firstAdmin: { name: 'admin', password: 'geheim' },
    notes: ['ser.cfg:1: a hole'],
    database: 'sqlite ./gatehouse-data/gatehouse.db',
    dataDir: './gatehouse-data',
    serCfg: 'examples/ser.cfg',
    reload: async () => ({ files: [], changed: [], waiting: [], problems: [] }),
    hasFailed: () => false,
    stop: async () => {},
  };
}

test('the start message says what listens, the line for the LAN, the first password and what to type next', () => {
  const message = startMessage(server('127.0.0.1'), io, '192.0.2.7');
  for (const line of [
    '  sip udp  127.0.0.1:5060',
    '  http     127.0.0.1:8080',
    '  users   sqlite ./gatehouse-data/gatehouse.db',
    '  ser.cfg:1: a hole',
    '  sip: { listen: ["192.0.2.7:5060"] }',
    '│ password       geheim          │',
    '  gatehouse user add 1000',
    '  gatehouse who',
  ]) {
    assert.ok(message.split('\n').includes(line), `${line}\nis not in\n${message}`);
  }
});

test('a server that is open already is not told how, and a known password is not shown', () => {
  const open = { ...server('192.0.2.7'), firstAdmin: { name: 'admin', password: undefined } };
  const message = startMessage(open, io, '192.0.2.7');
  assert.doesNotMatch(message, /Only this machine|listen:/);
  assert.match(message, /Administrator admin, with the password from the environment/);
});

/** `up` with a server of no doors, in a process of its own since it takes over the signals. */
function upProcess(stop: string, before = '', reload = 'async () => {}') {
  const code = `${before}
    import { processIo } from ${JSON.stringify(import.meta.resolve('../io.ts'))};
    import { runGatehouse } from ${JSON.stringify(import.meta.resolve('../run.ts'))};
    setInterval(() => {}, 1000);
    const server = { listeners: () => [], notes: [], dataDir: 'd', serCfg: 's', reload: ${reload}, hasFailed: () => false, stop: ${stop} };
    process.exit(await runGatehouse(['up'], processIo(), async () => ({ startServer: async () => server })));`;
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
}

test('SIGTERM stops the server in order, also when it comes twice at once', async () => {
  const up = upProcess('async (within) => console.log("stopped within", within)');
  let out = '';
  let err = '';
  up.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  up.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  await once(up.stdout, 'data');
  up.kill('SIGTERM');
  up.kill('SIGTERM');
  const [code] = await once(up, 'close');
  assert.deepEqual([code, err], [0, 'SIGTERM: stopping\n']);
  assert.match(out, /\nstopped within 4000\n$/);
});

test('SIGHUP without a terminal has the files read again, good or faulty, and the server goes on', async () => {
  const up = upProcess(
    'async () => {}',
    'let times = 0;',
    'async () => { if (times++ > 0) throw new Error("no key"); return { files: ["s"], changed: [], waiting: [], problems: [] }; }',
  );
  let err = '';
  const said = async (text: string) => {
    while (!err.includes(text)) err += (await once(up.stderr, 'data'))[0];
  };
  up.stderr.setEncoding('utf8');
  await once(up.stdout, 'data');
  up.kill('SIGHUP');
  await said('SIGHUP: read again: s, certificates\nnothing new in them\n');
  up.kill('SIGHUP');
  await said('SIGHUP: nothing was changed');
  assert.match(err, /no key/);
  up.kill('SIGTERM');
  assert.deepEqual(await once(up, 'close'), [0, null]);
});

test('a server that does not stop in time is ended, with one line', async () => {
  // The deadline comes at once.
  const up = upProcess(
    '() => { console.log("x"); return new Promise(() => {}); }',
    'const later = setTimeout; globalThis.setTimeout = (run, ms, ...more) => later(run, ms === 4500 ? 0 : ms, ...more);',
  );
  let err = '';
  up.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  await once(up.stdout, 'data');
  up.kill('SIGTERM');
  const [code] = await once(up, 'close');
  assert.equal(code, 1);
  assert.match(err, /SIGTERM: something does not answer \(a database\?\), ending without it\n$/);
});

test('a second signal ends a server that does not stop', async () => {
  // stop() begins to turn the clock on, so that the second signal is a later one.
  const up = upProcess(
    '() => { const p = performance.now.bind(performance); performance.now = () => p() + 1000; console.log("x"); return new Promise(() => {}); }',
  );
  await once(up.stdout, 'data');
  up.kill('SIGINT');
  await once(up.stdout, 'data');
  up.kill('SIGINT');
  const [code] = await once(up, 'close');
  assert.equal(code, 1);
});
