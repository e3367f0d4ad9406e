import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeTokens } from './fake.ts';
import { person, SEED, tokenLab } from './lab.ts';

const BY = 'test';

test('the memory holds as many owners as it may, and reads the others again', async () => {
  const lab = await tokenLab({ capacity: 10 });
  for (let i = 0; i < 50; i++) {
    await lab.desk.enrol({ type: 'hmac', serial: `T${i}`, owner: person(`user${i}`) }, BY);
    assert.ok(lab.shelf.size <= 20, String(lab.shelf.size));
  }
  for (let i = 0; i < 50; i++) assert.equal((await lab.desk.show(`T${i}`))?.owner?.login, `user${i}`);
  assert.ok(lab.shelf.size <= 20, String(lab.shelf.size));
});

test('one owner is read once, whoever asks meanwhile', async () => {
  const lab = await tokenLab();
  await lab.desk.enrol({ type: 'hmac', serial: 'T1', seed: SEED, owner: person('hans') }, BY);
  const again = await tokenLab({ rows: lab.rows });
  const before = again.rows.reads;
  await Promise.all(Array.from({ length: 20 }, () => again.desk.ofOwner(person('hans'))));
  assert.equal(again.rows.reads - before, 1);
});

test('what was not durable yet is seen by all, and a token that left its owner is not read back', async () => {
  const lab = await tokenLab({ capacity: 1 });
  const [hans, eve] = [person('hans'), person('eve')];
  await lab.desk.enrol({ type: 'hmac', serial: 'T1', owner: hans }, BY);
  await lab.desk.ofOwner(eve);
  lab.journal.hold();
  const moving = lab.desk.unassign({ serial: 'T1' }, BY).then(() => lab.desk.assign('T1', eve, BY));
  for (let turn = 0; turn < 5; turn++) await lab.journal.drain();
  assert.deepEqual(await lab.desk.ofOwner(hans), []);
  assert.equal((await lab.desk.show('T1'))?.owner, null);
  lab.journal.release();
  await moving;
  assert.deepEqual(await lab.desk.ofOwner(hans), []);
  assert.equal((await lab.desk.ofOwner(eve)).length, 1);
});

test('a removed token is gone at once; a removal that could not be written is none', async () => {
  const lab = await tokenLab();
  await lab.desk.enrol({ type: 'hmac', serial: 'T1', owner: person('hans') }, BY);
  lab.journal.isAway = true;
  const failing = lab.desk.remove({ serial: 'T1' }, BY);
  await assert.rejects(failing, { code: 'STORAGE_UNAVAILABLE' });
  lab.journal.isAway = false;
  assert.equal((await lab.desk.ofOwner(person('hans'))).length, 1);
  lab.journal.hold();
  const removing = lab.desk.remove({ serial: 'T1' }, BY);
  for (let turn = 0; turn < 5; turn++) await lab.journal.drain();
  assert.equal(await lab.desk.show('T1'), undefined);
  lab.journal.release();
  assert.equal(await removing, 1);
  assert.equal(await lab.desk.show('T1'), undefined);
});

test('a serial that nothing has leaves nothing in memory', async () => {
  const lab = await tokenLab();
  for (let i = 0; i < 20; i++) assert.equal(await lab.desk.show(`none${i}`), undefined);
  assert.equal(lab.shelf.size, 0);
  assert.deepEqual((await fakeTokens().list({})).tokens, []);
});
