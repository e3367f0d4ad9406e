import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Change, Journal, Waiter } from '../../../../core/journal/types.ts';
import type { RowsSpec } from '../../../../core/ser/types.ts';
import { GatehouseError } from '../../../../platform/errors.ts';
import { TimerWheel } from '../../../../platform/timer-wheel.ts';
import { Header } from '../../message/header-names.ts';
import type { Run } from '../../run.ts';
import type { ParameterValues } from '../../script/types.ts';
import { AvpList } from '../../script/values/avps.ts';
import { build, clockAt, load, request as messageOf, services, withDefaults } from '../lab.ts';
import { lab, request } from '../tm/relay-lab.ts';
import { acc } from './module.ts';

const [LOG, LOG_MISSED, DB, DB_MISSED, FAILED] = [1, 2, 3, 4, 5];
const PARAMETERS = {
  log_flag: LOG,
  log_missed_flag: LOG_MISSED,
  db_flag: DB,
  db_missed_flag: DB_MISSED,
  failed_transaction_flag: FAILED,
};
const bits = (...flags: (number | undefined)[]) => flags.reduce<number>((all, flag) => all | (1 << flag!), 0);

/** A journal in the test's hands, tables of the layout named, and what the log is told. */
function world(missing: (spec: RowsSpec) => boolean = () => false) {
  const units: { unit: readonly Change[]; waiter: Waiter | undefined }[] = [];
  const journal: Journal = { append: (unit, waiter) => void units.push({ unit, waiter }), drain: async () => {} };
  const lines: (readonly [level: string, text: string, fields: Record<string, unknown>])[] = [];
  const line = (level: string) => (text: string, fields: Record<string, unknown>) =>
    void lines.push([level, text, fields]);
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const clock = clockAt(1_700_000_000_000);
  const wheel = new TimerWheel({ clock, onError: (error) => assert.fail(String(error)) });
  const ends: (() => void)[] = [];
  const tables = {
    async open(_kind: string, spec: RowsSpec) {
      if (missing(spec)) throw new GatehouseError('SER_TABLE_LAYOUT', `table ${spec.table} lacks columns`);
    },
  };
  const atEnd = (task: () => void) => void ends.push(task);
  const rows = () =>
    units.flatMap(({ unit }) =>
      unit.map((change) => {
        assert.ok(change.kind === 'insert-row' && change.cut);
        return {
          table: change.table.table,
          ...Object.fromEntries(change.table.columns.map((c, i) => [c, change.values[i]])),
        };
      }),
    );
  const parts = services({ journal, log, clock, wheel, tables, atEnd });
  const pass = (ms: number) => {
    clock.time += ms;
    wheel.advance();
  };
  return { services: parts, units, lines, rows, ends, pass };
}

async function relayed(parameters: ParameterValues = {}, routes: Readonly<Record<string, (run: Run) => void>> = {}) {
  const around = world();
  const built = build(acc, { parameters: { ...PARAMETERS, ...parameters }, services: around.services });
  await built.start?.();
  const timers = { response: 30_000, invite: 120_000, restart: true };
  return { ...around, ...lab({}, {}, routes, timers, built.accounts) };
}

const row = (table: string, method: string, sip_code: string, to_tag = 'callee', sip_reason = `Reason${sip_code}`) => ({
  table,
  method,
  from_tag: 'a',
  to_tag,
  callid: 'call-1',
  sip_code,
  sip_reason,
  time: 1_700_000_000_000,
});

describe('a relayed request', () => {
  test('with an answer gives one row and one line, repetitions none', async () => {
    const { receive, respond, requests, rows, lines } = await relayed();
    receive(request('INVITE'), (run) => {
      run.flags = bits(LOG, DB, DB_MISSED);
    });
    const [sent] = requests('INVITE');
    for (const status of [180, 200, 200]) respond(sent!, status);
    assert.deepEqual(rows(), [row('acc', 'INVITE', '200')]);
    const fields = {
      method: 'INVITE',
      from_tag: 'a',
      to_tag: 'callee',
      call_id: 'call-1',
      code: '200',
      reason: 'Reason200',
    };
    assert.deepEqual(lines, [['info', 'ACC: transaction answered', { timestamp: 1_700_000_000, ...fields }]]);
  });

  test('without flags gives nothing', async () => {
    const { receive, respond, requests, rows, lines } = await relayed();
    receive(request('INVITE'), (run) => {
      run.flags = bits(9);
    });
    respond(requests('INVITE')[0]!, 486);
    receive(request('BYE', undefined, [], 'z9hG4bKbye'));
    respond(requests('BYE')[0]!, 200);
    assert.deepEqual([rows(), lines], [[], []]);
  });

  test('a BYE that is flagged', async () => {
    const { receive, respond, requests, rows } = await relayed();
    receive(request('BYE'), (run) => {
      run.flags = bits(DB);
    });
    respond(requests('BYE')[0]!, 200);
    assert.deepEqual(rows(), [row('acc', 'BYE', '200')]);
  });

  test('an INVITE that fails is a missed call; an account of it is kept where that flag is set, too', async () => {
    for (const failed of [false, true]) {
      const { receive, respond, requests, rows } = await relayed();
      receive(request('INVITE'), (run) => {
        run.flags = bits(DB, DB_MISSED, ...(failed ? [FAILED] : []));
      });
      respond(requests('INVITE')[0]!, 486);
      const expected = [row('missed_calls', 'INVITE', '486'), row('acc', 'INVITE', '486')];
      assert.deepEqual(rows(), failed ? expected : expected.slice(0, 1));
    }
  });

  test('one that nobody answers is missed, too', async () => {
    const { receive, rows, pass } = await relayed();
    receive(request('INVITE'), (run) => {
      run.flags = bits(DB_MISSED);
    });
    pass(31);
    assert.deepEqual(rows(), [row('missed_calls', 'INVITE', '408', '', 'Request Timeout')]);
  });

  test('a failure route sends it elsewhere: missed there, answered here, each once', async () => {
    const onward = (run: Run) => {
      run.branches = [{ uri: 'sip:mailbox@192.0.2.30', destination: undefined, path: undefined }];
      own.relay.relay(run);
    };
    const own = await relayed({}, { 'failure_route[1]': onward });
    own.receive(request('INVITE'), (run) => {
      run.flags = bits(DB, DB_MISSED);
      run.onFailure = 1;
    });
    own.respond(own.requests('INVITE')[0]!, 486);
    const again = own.requests('INVITE').at(-1)!;
    assert.match(again.text, /^INVITE sip:mailbox@/);
    own.respond(again, 200);
    assert.deepEqual(own.rows(), [row('missed_calls', 'INVITE', '486'), row('acc', 'INVITE', '200')]);
  });

  test('what a failure route answers in its own words', async () => {
    const own = await relayed({}, { 'failure_route[1]': (run) => void run.reply(480, 'Gone') });
    own.receive(request('INVITE'), (run) => {
      run.flags = bits(DB, FAILED);
      run.onFailure = 1;
    });
    own.respond(own.requests('INVITE')[0]!, 486);
    assert.deepEqual(own.rows(), [row('acc', 'INVITE', '480', '', 'Gone')]);
  });

  test('early media and ACK where they are wanted', async () => {
    for (const wanted of [0, 1]) {
      const own = await relayed({ early_media: wanted, report_ack: wanted });
      const flagged = (run: Run) => {
        run.flags = bits(DB);
      };
      const { run } = own.receive(request('INVITE'), flagged);
      own.respond(own.requests('INVITE')[0]!, 180);
      assert.deepEqual(own.rows(), [], 'without a body it is no media');
      run.edition.accounts!.replied(run, 183, 'Session Progress', run.message);
      own.receive(request('ACK', undefined, [], 'z9hG4bKack'), flagged);
      const expected = [row('acc', 'INVITE', '183', '', 'Session Progress'), row('acc', 'ACK', '200', '', 'OK')];
      assert.deepEqual(own.rows(), wanted ? expected : []);
    }
  });

  test('against the direction of the dialog the tags change places', async () => {
    for (const detect of [0, 1]) {
      const own = await relayed({ detect_direction: detect });
      const bye = request('BYE', undefined, ['Route: <sip:192.0.2.1;ftag=first;lr>']).replace(
        'example.com>\r\nCall',
        'example.com>;tag=first\r\nCall',
      );
      own.receive(bye, (run) => {
        assert.equal(run.message.toTag, 'first');
        run.flags = bits(DB);
        run.edits.remove(run.message.indexOf(Header.route));
      });
      const [sent] = own.requests('BYE');
      own.respond(sent!, 200);
      const [made] = own.rows() as unknown as { from_tag: string; to_tag: string }[];
      assert.deepEqual([made!.from_tag, made!.to_tag], detect === 1 ? ['first', 'a'] : ['a', 'first']);
    }
  });
});

describe('what a record holds', () => {
  test('extra fields and legs by variables, bounded and in one line', async () => {
    const long = 'x'.repeat(5000);
    const own = await relayed({
      db_extra: 'ua=$hdr(User-Agent); missing=$hdr(X-None)',
      log_extra: 'ua=$hdr(User-Agent)',
      multi_leg_info: 'src=$avp(s:src);dst=$avp(s:dst)',
    });
    own.receive(request('BYE', undefined, [`User-Agent: \x1b[31m${long}`]), (run) => {
      run.flags = bits(DB, LOG);
      run.avps = new AvpList();
      for (const [name, value] of [
        ['s:src', 'a'],
        ['s:src', 'b'],
        ['s:dst', 'c'],
      ] as const)
        run.avps.push(name, value);
    });
    own.respond(own.requests('BYE')[0]!, 200);
    assert.equal(own.units.length, 1, 'all legs are one unit');
    const made = own.rows() as unknown as Record<string, unknown>[];
    assert.deepEqual(
      made.map(({ src, dst, missing }) => [src, dst, missing]),
      [
        ['b', 'c', null],
        ['a', null, null],
      ],
    );
    assert.equal((made[0]!.ua as string).length, 1024);
    const [, , fields] = own.lines[0]!;
    assert.match(fields.ua as string, /^ \[31mx+$/);
    assert.deepEqual(fields.legs, [
      { src: 'b', dst: 'c' },
      { src: 'a', dst: null },
    ]);
  });

  test("a line of SER's letters", async () => {
    const own = await relayed({ log_fmt: 'mios' });
    own.receive(request('BYE'), (run) => {
      run.flags = bits(LOG);
    });
    own.respond(own.requests('BYE')[0]!, 200);
    const uri = 'sip:bob@192.0.2.20';
    assert.deepEqual(own.lines[0]![2], { method: 'BYE', 'i-uri': uri, 'o-uri': uri, code: '200' });
  });

  test("SER's columns where the table has no others", async () => {
    const around = world(({ columns }) => columns.includes('sip_code'));
    const calls = [['acc_db_request', '404 Not here', 'acc']] as const;
    const [call] = await load(acc, { services: around.services, calls });
    const { run } = messageOf('INVITE sip:1001@example.com');
    assert.equal(call!(run), 1);
    const [made] = around.rows() as unknown as Record<string, unknown>[];
    assert.deepEqual(
      [made!.sip_status, made!.sip_method, made!.i_uri, made!.username, made!.domain, made!.fromtag, made!.totag],
      ['404', 'INVITE', 'sip:1001@example.com', '1000', 'example.com', 'ft1', ''],
    );
  });

  test('a table that has neither is told of by the columns of OpenSER', async () => {
    const around = world(() => true);
    await assert.rejects(load(acc, { services: around.services, parameters: { db_flag: 1 } }), {
      code: 'SER_TABLE_LAYOUT',
    });
  });

  test('acc_log_request: three digits are the code', async () => {
    const around = world();
    const calls = [
      ['acc_log_request', '403 No way'],
      ['acc_log_request', 'a note'],
    ] as const;
    const bound = await load(acc, { services: around.services, calls });
    for (const call of bound) call(messageOf('INVITE sip:1001@example.com').run);
    assert.deepEqual(
      around.lines.map(([, text, { code, reason }]) => [text, code, reason]),
      [
        ['ACC: request accounted', '403', 'No way'],
        ['ACC: request accounted', '', 'a note'],
      ],
    );
  });

  test('parameters that cannot be understood are refused', () => {
    const refuses = (set: ParameterValues) => assert.throws(() => withDefaults(acc, set), { code: 'ERR_ASSERTION' });
    refuses({ log_flag: 32 });
    refuses({ log_fmt: 'cz' });
    refuses({ db_extra: 'ua=User-Agent' });
    refuses({ db_extra: 'u a=$ua' });
    refuses({ db_extra: 'ua=$nothing' });
    refuses({ multi_leg_info: 'src=$ua' });
  });
});

describe('a row that is not taken', () => {
  const away = new GatehouseError('STORAGE_UNAVAILABLE', 'no database');
  const refused = new GatehouseError('STORAGE_REFUSED', 'not this one');

  async function accounted() {
    const around = world();
    const calls = [['acc_db_request', '200 OK', 'acc']] as const;
    const [call] = await load(acc, { services: around.services, calls });
    call!(messageOf('INVITE sip:1001@example.com').run);
    const take = () => around.units.shift()!;
    return { ...around, take };
  }

  test('is appended again until it is', async () => {
    const { take, units, pass, rows, lines } = await accounted();
    const first = rows();
    for (let i = 0; i < 3; i++) {
      take().waiter!.settled(away);
      assert.equal(units.length, 0);
      pass(1100);
      assert.deepEqual(rows(), first);
    }
    take().waiter!.settled(undefined);
    pass(5000);
    assert.equal(units.length, 0);
    assert.deepEqual(
      lines.map(([level]) => level),
      ['warn'],
      'said once',
    );
  });

  test('goes to the log with its values when the database refuses it', async () => {
    const { take, units, pass, lines } = await accounted();
    take().waiter!.settled(refused);
    pass(5000);
    assert.equal(units.length, 0);
    const [level, , { table, row: written }] = lines[0]!;
    assert.deepEqual([level, table, (written as { callid: string }).callid], ['error', 'acc', 'c1@198.51.100.7']);
  });

  test('is tried once more at the end, then goes to the log', async () => {
    const { take, units, ends, lines } = await accounted();
    take().waiter!.settled(away);
    for (const task of ends) task();
    assert.equal(units.length, 1);
    take().waiter!.settled(away);
    assert.deepEqual(
      lines.map(([level]) => level),
      ['warn', 'error'],
    );
  });

  test('is kept within bounds', async () => {
    const { units, pass, lines, services: parts } = await accounted();
    const calls = [['acc_db_request', `200 ${'x'.repeat(1000)}`, 'acc']] as const;
    const [call] = await load(acc, { services: parts, calls });
    const { run } = messageOf('INVITE sip:1001@example.com');
    for (let i = 0; i < 20_000; i++) call!(run);
    for (const { waiter } of units.splice(0)) waiter!.settled(away);
    const lost = lines.filter(([level]) => level === 'error').length;
    assert.ok(lost > 0 && lost < 10_000, String(lost));
    pass(1100);
    assert.equal(units.length, 1000, 'a piece at a time');
  });
});
