/** A process that lets people in by their codes and prints each that it took, until it is killed (codes.contract.ts). */
import { writeSync } from 'node:fs';
import { hotp } from '../core/tokens/hotp.ts';
import { gateOver, person, SEED } from '../core/tokens/lab.ts';
import { codeStorage, PEOPLE, PIN } from './codes.contract.ts';

const storage = await codeStorage(process.argv[2]!, process.argv[3]);
const { desk, check } = await gateOver(storage.tokens, storage.journal);
const seed = Buffer.from(SEED, 'hex');
for (let i = 0; i < PEOPLE; i++) {
  if (!(await desk.show(`T${i}`)))
    await desk.enrol({ type: 'hmac', serial: `T${i}`, seed: SEED, pin: PIN, owner: person(`user${i}`) }, 'test');
}
await Promise.all(
  Array.from({ length: PEOPLE }, async (_, i) => {
    for (;;) {
      const { counter } = (await desk.show(`T${i}`))!;
      const { verdict } = await check(`user${i}`, PIN + hotp(seed, counter, 6, 'sha1'));
      if (verdict === 'proven') writeSync(1, `${i} ${counter}\n`);
    }
  }),
);
