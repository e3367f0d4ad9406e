import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Servers } from './servers.ts';
import type { Place } from './url.ts';

type Answer = 'writes' | 'reads' | 'refuses' | 'away';

function lab(...answers: Answer[]) {
  const places = answers.map((_, port): Place => ({ host: 'h', port, socket: undefined }));
  const servers = new Servers(places);
  const asked: number[] = [];
  const destroyed: number[] = [];
  const open = async ({ port }: Place) => {
    asked.push(port);
    const answer = answers[port]!;
    if (answer === 'away' || answer === 'refuses') throw new Error(answer);
    return { port, writable: answer === 'writes', destroy: () => void destroyed.push(port) };
  };
  const connect = () => servers.connect(open, 1_000, (error) => (error as Error).message === 'refuses');
  return { servers, places, answers, asked, destroyed, connect };
}

test('the first that answers and takes writes is taken, and stays until it is left', async () => {
  const { servers, places, answers, asked, destroyed, connect } = lab('away', 'reads', 'writes');
  assert.equal((await connect()).port, 2);
  assert.deepEqual([asked, destroyed], [[0, 1, 2], [1]]);
  answers[0] = 'writes';
  assert.equal((await connect()).port, 2);
  servers.leave(places[1]!);
  assert.ok(servers.isCurrent(places[2]!), 'only the current one can be left');
  servers.leave(places[2]!);
  assert.equal((await connect()).port, 0);
});

test('where none takes writes the first that can be read, and a single one as it is', async () => {
  const { asked, connect } = lab('away', 'reads', 'reads');
  assert.equal((await connect()).port, 1);
  assert.deepEqual(asked, [0, 1, 2]);
  assert.equal((await lab('reads').connect()).port, 0);
});

test('of several failures a refusal is told', async () => {
  await assert.rejects(lab('refuses', 'away').connect(), { message: 'refuses' });
  await assert.rejects(lab('away', 'away').connect(), { message: 'away' });
});
