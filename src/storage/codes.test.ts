import { test } from 'node:test';
import { codesSurviveKills } from './codes.contract.ts';

test('no code that was taken is taken again after a kill -9 right behind the yes', (t) => codesSurviveKills(t));
