import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, Waiter } from '../../../../core/journal/types.ts';
import type { RowCells, RowsMatch, RowsSpec } from '../../../../core/ser/types.ts';
import { GatehouseError } from '../../../../platform/errors.ts';
import type { ParameterValues } from '../../script/types.ts';
import { AvpList } from '../../script/values/avps.ts';
import { load, outcome, request, type ScriptCall, services } from '../lab.ts';
import { avpops } from './module.ts';

type Avps = readonly (readonly [string, string | number])[];

function caller(avps: Avps = []) {
  const made = request('INVITE sip:2000@there.example;x=y', ['From: <sip:1000@here.example>;tag=1']);
  made.run.avps = new AvpList();
  for (const [name, value] of avps) made.run.avps.push(name, value);
  return made;
}

/** Result, Request-URI, branches and AVPs after one call. */
async function play(call: ScriptCall, avps: Avps = []) {
  const [bound] = await load(avpops, { calls: [call], services: services({ tables: { open: async () => {} } }) });
  const { run } = caller(avps);
  const result = bound!(run);
  return {
    result,
    uri: run.uri,
    branches: run.branches?.map(({ uri }) => uri) ?? [],
    avps: [...run.avps!.entries()],
    run,
  };
}

for (const [call, before, result, after] of [
  [['avp_write', 'i:5', '$avp(s:x)'], [], 1, [['s:x', 5]]],
  [
    ['avp_write', 's:5', 'i:7'],
    [['i:7', 1]],
    1,
    [
      ['i:7', '5'],
      ['i:7', 1],
    ],
  ],
  [['avp_write', '$from/username', 's:x'], [], 1, [['s:x', '1000']]],
  [['avp_write', '$fu/domain', 's:x'], [], 1, [['s:x', 'here.example']]],
  [['avp_subst', '$avp(s:x)', '/(.*)@(.*)/\\2/'], [['s:x', 'a@b']], 1, [['s:x', 'b']]],
  [['avp_subst', 's:x', '/^0/+/'], [['s:x', '1']], -1, [['s:x', '1']]],
  [['avp_subst', '$avp(s:x)', '/1/$rU/'], [['s:x', 31]], 1, [['s:x', '32000']]],
  [['avp_subst', '$avp(s:x)', '/1/2/'], [], -1, []],
  [
    ['avp_subst', '$avp(s:x)/g', '/a/-/'],
    [
      ['s:x', 'a1'],
      ['s:x', 'b2'],
      ['s:x', 'a3'],
    ],
    1,
    [
      ['s:x', '-3'],
      ['s:x', 'b2'],
      ['s:x', '-1'],
    ],
  ],
  [
    ['avp_subst', '$avp(s:x)/$avp(i:5)/gd', '#^(.)b$#\\1#'],
    [
      ['s:x', 'ab'],
      ['s:x', 'c'],
    ],
    1,
    [['i:5', 'a']],
  ],
  [
    ['avp_subst_pv', 's:x/s:y', '/B/$(ru{uri.host})/i'],
    [['s:x', 'ab']],
    1,
    [
      ['s:y', 'athere.example'],
      ['s:x', 'ab'],
    ],
  ],
  [['avp_write', '$hdr(X)', 's:x'], [], -1, []],
  [
    ['avp_delete', '$avp(s:x)'],
    [
      ['s:x', 1],
      ['s:x', 2],
    ],
    1,
    [['s:x', 1]],
  ],
  [
    ['avp_delete', '$avp(s:x)/g'],
    [
      ['s:x', 1],
      ['i:1', 0],
      ['s:x', 2],
    ],
    1,
    [['i:1', 0]],
  ],
  [
    ['avp_delete', 's'],
    [
      ['s:x', 1],
      ['i:1', 0],
      ['s:y', 2],
    ],
    1,
    [['i:1', 0]],
  ],
  [
    ['avp_delete', 'a'],
    [
      ['s:x', 1],
      ['i:1', 0],
    ],
    1,
    [],
  ],
  [['avp_delete', 's:none'], [], -1, []],
  [
    ['avp_copy', 's:x', 's:y'],
    [
      ['s:x', 1],
      ['s:x', 2],
    ],
    1,
    [
      ['s:y', 2],
      ['s:x', 2],
      ['s:x', 1],
    ],
  ],
  [
    ['avp_copy', '$avp(s:x)', '$avp(s:y)/gd'],
    [
      ['s:x', 1],
      ['s:x', 2],
    ],
    1,
    [
      ['s:y', 2],
      ['s:y', 1],
    ],
  ],
  [['avp_copy', 's:x', 's:y/dn'], [['s:x', '12']], 1, [['s:y', 12]]],
  [['avp_copy', 's:x', 's:y/ds'], [['s:x', 12]], 1, [['s:y', '12']]],
  [['avp_copy', 's:none', 's:y'], [], -1, []],
  [['avp_op', 's:x', 'add/i:5'], [['s:x', 1]], 1, [['s:x', 6]]],
  [
    ['avp_op', 's:x/s:y', 'mul/$avp(s:x)'],
    [['s:x', 7]],
    1,
    [
      ['s:y', 49],
      ['s:x', 7],
    ],
  ],
  [
    ['avp_op', 's:x/s:y', 'and/i:0xf0/gd'],
    [
      ['s:x', 0x1f],
      ['s:x', 0x2f],
    ],
    1,
    [
      ['s:y', 0x20],
      ['s:y', 0x10],
    ],
  ],
  [['avp_op', 's:x', 'div/i:0'], [['s:x', 1]], -1, [['s:x', 1]]],
  [['avp_op', 's:x', 'sub/i:1'], [['s:x', 'text']], -1, [['s:x', 'text']]],
] as [ScriptCall, Avps, number, Avps][]) {
  test(`${call.join(' ')} with ${JSON.stringify(before)}: ${result}`, async () => {
    const played = await play(call, before);
    assert.equal(played.result, result);
    assert.deepEqual(played.avps, after);
  });
}

for (const [place, name, avps, result, uri, branches] of [
  ['$ru', 's:x', [['s:x', 'sip:9@z.example']], 1, 'sip:9@z.example', []],
  ['$ru/username', '$avp(s:x)', [['s:x', 9]], 1, 'sip:9@there.example;x=y', []],
  ['$ruri/domain', '$fd', [], 1, 'sip:2000@here.example;x=y', []],
  [
    '$ru/domain',
    's:x/g',
    [
      ['s:x', 'b.example'],
      ['s:x', 'a.example'],
    ],
    1,
    'sip:2000@a.example;x=y',
    ['sip:2000@b.example;x=y'],
  ],
  [
    '$br',
    '$avp(s:x)/g',
    [
      ['s:x', 'sip:b@z'],
      ['s:x', 'sip:a@z'],
    ],
    1,
    'sip:2000@there.example;x=y',
    ['sip:a@z', 'sip:b@z'],
  ],
  ['$ru', 's:x', [['s:x', 'sip:9@z.example\r\nX: y']], -1, 'sip:2000@there.example;x=y', []],
  ['$br', 's:x', [['s:x', 'sip:9@z.example\r\nX: y']], -1, 'sip:2000@there.example;x=y', []],
  ['$ru', 's:none', [], -1, 'sip:2000@there.example;x=y', []],
] as [string, string, Avps, number, string, string[]][]) {
  test(`avp_pushto ${place} ${name} with ${JSON.stringify(avps)}: ${result}`, async () => {
    const played = await play(['avp_pushto', place, name], avps);
    assert.deepEqual([played.result, played.uri, played.branches], [result, uri, branches]);
  });
}

test('avp_pushto $du is the next hop', async () => {
  assert.equal(
    (await play(['avp_pushto', '$du', 's:x'], [['s:x', 'sip:proxy.example']])).run.destination,
    'sip:proxy.example',
  );
});

for (const [name, operation, avps, result] of [
  ['s:x', 'eq/i:5', [['s:x', 5]], 1],
  ['s:x', 'eq/s:5', [['s:x', 5]], -1],
  ['s:x', 'eq/abc', [['s:x', 'abc']], 1],
  ['s:x', 'eq/ABC', [['s:x', 'abc']], -1],
  ['s:x', 'eq/ABC/i', [['s:x', 'abc']], 1],
  ['s:x', 'ne/i:5', [['s:x', 6]], 1],
  ['s:x', 'lt/i:5', [['s:x', 4]], 1],
  ['s:x', 'ge/i:5', [['s:x', 4]], -1],
  [
    '$avp(s:x)',
    'eq/i:5',
    [
      ['s:x', 5],
      ['s:x', 6],
    ],
    -1,
  ],
  [
    '$avp(s:x)',
    'eq/i:5/g',
    [
      ['s:x', 5],
      ['s:x', 6],
    ],
    1,
  ],
  ['$fd', 'eq/$avp(s:x)/I', [['s:x', 'HERE.example']], 1],
  ['s:x', 're/^sip:.*@bar\\.net/g', [['s:x', 'sip:1@bar.net']], 1],
  ['s:x', 'fm/sip:1?0*@[a-c]*', [['s:x', 'sip:120@bar.net']], 1],
  ['s:x', 'fm/sip:1?0', [['s:x', 'sip:1200']], -1],
  [
    's:x',
    're/$avp(s:y)',
    [
      ['s:x', 'abc'],
      ['s:y', '('],
    ],
    -1,
  ],
  ['s:x', 'and/i:0x4', [['s:x', 6]], 1],
  ['s:x', 'and/i:1', [['s:x', 6]], -1],
  ['s:none', 'ne/i:5', [], -1],
] as [string, string, Avps, number][]) {
  test(`avp_check ${name} ${operation} with ${JSON.stringify(avps)}: ${result}`, async () => {
    assert.equal((await play(['avp_check', name, operation], avps)).result, result);
  });
}

for (const [text, avps, result] of [
  ['s:x', [['s:x', 0]], 1],
  ['s:x', [], -1],
  ['$avp(s:x)/s', [['s:x', 0]], -1],
  ['$avp(s:x)/n', [['s:x', 0]], 1],
  ['$avp(s:x)/e', [['s:x', '']], 1],
  ['$avp(s:x)/se', [['s:x', 'a']], -1],
] as [string, Avps, number][]) {
  test(`is_avp_set ${text} with ${JSON.stringify(avps)}: ${result}`, async () => {
    assert.equal((await play(['is_avp_set', text], avps)).result, result);
  });
}

test('what cannot be read is told', () => {
  const complaint = (name: string, index: number, text: string) =>
    avpops.functions.find((spec) => spec.name === name)!.checkArgument!(index, text, 2);
  for (const [name, index, text] of [
    ['avp_write', 0, 'i:five'],
    ['avp_write', 0, '$ru/port'],
    ['avp_write', 1, '$ru'],
    ['avp_delete', 0, '$avp(s:x)/x'],
    ['avp_pushto', 0, '$fu'],
    ['avp_check', 1, 'is/i:5'],
    ['avp_check', 1, 're/('],
    ['avp_op', 1, 'add/five'],
    ['avp_op', 1, 'pow/i:2'],
    ['is_avp_set', 0, 'x'],
    ['avp_db_load', 0, '$ru/port'],
    ['avp_db_load', 1, 'x'],
    ['avp_db_load', 1, "$avp(s:x)/ta'ble"],
  ] as const) {
    assert.equal(typeof complaint(name, index, text), 'string', `${name} ${text}`);
  }
});

interface Stored {
  parameters?: ParameterValues;
  rows?: RowCells[];
}

async function store(calls: ScriptCall[], { parameters = {}, rows = [] }: Stored = {}) {
  const site = { asked: [] as RowsMatch[], units: [] as (readonly Change[])[], opened: [] as string[], down: false };
  const gone = () => new GatehouseError('STORAGE_UNAVAILABLE', 'gone');
  const tables = {
    open: async (_kind: string, spec: RowsSpec) => void site.opened.push(spec.table),
    rowEdition: () => 0,
    async readRows(_spec: RowsSpec, where: RowsMatch) {
      site.asked.push(where);
      if (site.down) throw gone();
      return rows;
    },
  };
  const journal = {
    append(unit: readonly Change[], waiter: Waiter) {
      site.units.push(unit);
      queueMicrotask(() => waiter.settled(site.down ? gone() : undefined));
    },
  };
  const bound = await load(avpops, { parameters, calls, services: services({ tables, journal }) });
  return { calls: bound, site };
}

const ROWS: RowCells[] = [
  ['x', 'text', 0],
  ['x', '12', '1'],
  ['7', 'seven', 2],
  ['8', '8', 3],
  ['y', 'no number', 1],
];

for (const [source, name, where, loaded] of [
  [
    '$fu',
    '$avp(s:x)',
    [
      ['username', '1000'],
      ['attribute', 'x'],
    ],
    [
      ['s:x', 12],
      ['s:x', 'text'],
    ],
  ],
  [
    '$from/domain',
    's',
    [['domain', 'here.example']],
    [
      ['s:x', 12],
      ['s:x', 'text'],
    ],
  ],
  [
    '$fU/username',
    'i',
    [['username', '1000']],
    [
      ['i:8', 8],
      ['i:7', 'seven'],
    ],
  ],
  [
    '$avp(s:id)',
    'a/other',
    [['uuid', 'u1']],
    [
      ['i:8', 8],
      ['i:7', 'seven'],
      ['s:x', 12],
      ['s:x', 'text'],
    ],
  ],
  [
    'bob/username',
    'a',
    [['username', 'bob']],
    [
      ['i:8', 8],
      ['i:7', 'seven'],
      ['s:x', 12],
      ['s:x', 'text'],
    ],
  ],
] as [string, string, RowsMatch, Avps][]) {
  test(`avp_db_load ${source} ${name}`, async () => {
    const { calls, site } = await store([['avp_db_load', source, name]], { rows: ROWS });
    const made = caller([['s:id', 'u1']]);
    if (source !== '$fU/username') {
      assert.equal(await outcome(calls[0]!, made), 1);
      assert.deepEqual([...made.run.avps!.entries()], [...loaded, ['s:id', 'u1']]);
      assert.deepEqual(site.asked, [where]);
      assert.deepEqual(site.opened, [name.includes('other') ? 'other' : 'usr_preferences']);
    } else assert.equal(calls[0]!(made.run), -1, 'a name is no URI');
  });
}

test('with use_domain a URI means name and domain', async () => {
  const { calls, site } = await store([['avp_db_load', '$ru', 's:x']], { parameters: { use_domain: 1 }, rows: ROWS });
  assert.equal(await outcome(calls[0]!, caller()), 1);
  assert.deepEqual(site.asked[0], [
    ['username', '2000'],
    ['domain', 'there.example'],
    ['attribute', 'x'],
  ]);
});

test('nothing is loaded without rows, without a user and while the table cannot be asked', async () => {
  const { calls, site } = await store([
    ['avp_db_load', '$fu', 's:x'],
    ['avp_db_load', '$avp(s:none)', 's:x'],
  ]);
  assert.equal(await outcome(calls[0]!, caller()), -1);
  assert.equal(calls[1]!(caller().run), -1);
  site.down = true;
  assert.equal(await outcome(calls[0]!, caller()), -1);
});

test('stores and deletes are units of the journal, and what was stored is loaded at once', async () => {
  const { calls, site } = await store(
    [
      ['avp_db_load', '$fu', 'a'],
      ['avp_db_store', '$fu', 'a'],
      ['avp_db_delete', '$fu', '$avp(s:x)'],
      ['avp_db_delete', '$fu', 'i'],
    ],
    { rows: ROWS },
  );
  const [read, write, drop, dropNumbers] = calls as [
    (typeof calls)[0],
    (typeof calls)[0],
    (typeof calls)[0],
    (typeof calls)[0],
  ];
  await outcome(read!, caller());
  await outcome(read!, caller());
  assert.equal(site.asked.length, 1);
  assert.equal(
    await outcome(
      write!,
      caller([
        ['s:x', 'one'],
        ['i:7', 2],
      ]),
    ),
    1,
  );
  assert.deepEqual(
    site.units[0]!.map((change) => change.kind === 'insert-row' && change.values),
    [
      ['x', 'one', 0, '', '1000', ''],
      ['7', '2', 3, '', '1000', ''],
    ],
  );
  await outcome(read!, caller());
  assert.equal(site.asked.length, 2);
  await outcome(drop!, caller());
  await outcome(dropNumbers!, caller());
  assert.deepEqual(
    site.units.slice(1).map((unit) => unit.map((change) => change.kind === 'delete-rows' && change.where)),
    [
      [
        [
          ['username', '1000'],
          ['attribute', 'x'],
        ],
      ],
      [
        [
          ['username', '1000'],
          ['type', '2'],
        ],
        [
          ['username', '1000'],
          ['type', '3'],
        ],
      ],
    ],
  );
  site.down = true;
  assert.equal(await outcome(write!, caller([['s:x', 'one']])), -1);
  assert.equal(write!(caller().run), -1, 'nothing to store');
});

test('avp_db_query: values of the message go beside the statement, columns become AVPs', async () => {
  const asked: unknown[][] = [];
  const answers: RowCells[][] = [
    [
      ['one', 1],
      ['two', null],
    ],
    [],
    [],
  ];
  let changed = 0;
  const tables = {
    open: async () => {},
    rowsChanged: () => void changed++,
    async ask(...question: unknown[]) {
      asked.push(question);
      const answer = answers.shift();
      if (answer === undefined) throw new GatehouseError('STORAGE_REFUSED', 'no such table');
      return answer;
    },
  };
  const select = "select a, b from t where u='$fU' and n=$avp(s:n) and m=$hdr(X)";
  const calls: ScriptCall[] = [
    ['avp_db_query', select, '$avp(s:a); i:9'],
    ['avp_db_query', select],
    ['avp_db_query', "delete from t where u='$avp(s:evil)'"],
    ['avp_db_query', select],
  ];
  const parameters = { db_url: 'mysql://x' };
  const bound = await load(avpops, { parameters, calls, services: services({ tables }) });
  const results: number[] = [];
  const evil = "' OR ''='";
  const made: unknown[] = [];
  for (const call of bound) {
    const one = caller([
      ['s:n', '7'],
      ['s:evil', evil],
    ]);
    results.push(await outcome(call, one));
    made.push([...one.run.avps!.entries()].filter(([name]) => name !== 's:n' && name !== 's:evil'));
  }
  assert.deepEqual(results, [1, -2, 1, -1]);
  assert.deepEqual(made, [
    [
      ['s:a', 'two'],
      ['i:9', 1],
      ['s:a', 'one'],
    ],
    [],
    [],
    [],
  ]);
  assert.deepEqual(asked[0], [
    'database of mysql://x',
    'select a, b from t where u=? and n=? and m=? LIMIT 64',
    ['1000', 7, null],
    64,
  ]);
  assert.deepEqual(asked[2]!.slice(1, 3), ['delete from t where u=?', [evil]]);
  assert.equal(changed, 1);
});
