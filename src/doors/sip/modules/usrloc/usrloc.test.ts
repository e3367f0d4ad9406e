import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Binding } from './binding.ts';
import { Contacts } from './contacts.ts';
import { ExpiryRing } from './expiry.ts';
import { parseSessionId, sessionId } from './sessions.ts';

function binding(
  aor: string,
  contact: string,
  values: { expires?: number; q?: number; modified?: number } = {},
): Binding {
  return new Binding(aor, {
    contact,
    received: null,
    path: null,
    expires: values.expires ?? 0,
    q: values.q ?? -1,
    callId: 'c',
    cseq: 1,
    userAgent: '',
    socket: null,
    methods: null,
    flags: 0,
    branchFlags: 0,
    modified: values.modified ?? 0,
    user: aor,
    client: '',
  });
}

test('the ring lets go of each binding at its second, however the clock jumps', () => {
  const change = fc.record({
    kind: fc.constantFrom('add', 'refresh', 'remove'),
    which: fc.integer({ min: 0, max: 9 }),
    lives: fc.integer({ min: 1, max: 20_000 }),
    step: fc.integer({ min: -50, max: 6000 }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      let now = 1_000_000;
      const inside = new Map<number, Binding>();
      const ring = new ExpiryRing(now, (gone) => {
        assert.ok(gone.expires <= now);
        return inside.delete(Number(gone.contact));
      });
      for (const { kind, which, lives, step } of changes) {
        const known = inside.get(which);
        if (kind === 'remove') {
          if (known) ring.remove(known);
          inside.delete(which);
        } else {
          const one = kind === 'refresh' && known ? known : binding('a', String(which));
          if (known && one !== known) ring.remove(known);
          one.expires = now + lives;
          inside.set(which, one);
          ring.place(one);
        }
        now += step;
        while (!ring.advance(now));
        for (const one of inside.values()) assert.ok(one.expires > now, 'one stayed too long');
      }
    }),
  );
});

test('many that expire in the same second go in pieces', () => {
  let gone = 0;
  const ring = new ExpiryRing(0, () => ++gone > 0);
  for (let i = 0; i < 2500; i++) ring.place(binding('a', String(i), { expires: 10 }));
  assert.equal(ring.advance(10), false);
  assert.equal(gone, 1000);
  assert.equal(ring.advance(10), false);
  assert.equal(ring.advance(10), true);
  assert.equal(gone, 2500);
});

test('one that must stay is asked again a second later', () => {
  let stay = true;
  const ring = new ExpiryRing(0, () => !stay);
  const one = binding('a', 'x', { expires: 5 });
  ring.place(one);
  assert.equal(ring.advance(5), true);
  assert.ok(one.slot >= 0);
  stay = false;
  ring.advance(6);
  assert.equal(one.slot, -1);
});

test('contacts of an AOR: best first, after every change', () => {
  const change = fc.record({
    which: fc.integer({ min: 0, max: 5 }),
    q: fc.constantFrom(-1, 0, 500, 1000),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), fc.boolean(), (changes, newestFirst) => {
      const contacts = new Contacts(newestFirst, false);
      let time = 0;
      for (const { which, q, remove } of changes) {
        const known = contacts.find('a', { contact: String(which), callId: '' });
        if (remove) {
          if (known) contacts.remove(known);
        } else if (known) {
          known.q = q;
          known.modified = ++time;
          contacts.reorder(known);
        } else contacts.insert(binding('a', String(which), { q, modified: ++time }));
        const list: Binding[] = [];
        for (let at = contacts.first('a'); at; at = at.next) list.push(at);
        const sorted = list.toSorted((x, y) => (newestFirst ? 0 : y.q - x.q) || y.modified - x.modified);
        assert.deepEqual(list, sorted);
        assert.equal(contacts.size, list.length);
        assert.equal([...contacts.aors()].length, list.length > 0 ? 1 : 0);
      }
    }),
  );
});

test('session ids are fit for a command line and give the AOR back', () => {
  assert.match(sessionId('location', '1000', 'sip:1000@192.0.2.9'), /^sip:location:1000:[0-9a-f]{8}$/);
  for (const aor of ['1000', 'a b;c', 'x:y', '%41', 'al@example.com', '\xc3\xa9']) {
    const id = sessionId('location', aor, 'sip:x@y');
    assert.match(id, /^[\w@.+:%-]+$/);
    assert.deepEqual(parseSessionId(id), { table: 'location', aor });
  }
  assert.equal(parseSessionId('portal:1'), undefined);
  assert.notEqual(sessionId('location', 'a', 'sip:1@x'), sessionId('location', 'a', 'sip:2@x'));
});
