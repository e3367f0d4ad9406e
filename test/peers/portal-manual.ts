/** What the manual of nodogsplash prints whole, word for word, where GATEHOUSE_SEEDS says where it lies. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Manual {
  /** Example 1: two groups with a password each. */
  readonly sitewide: string;
  /** Example 2: a log. */
  readonly log: string;
  readonly page: string;
}

export function readManual(seeds: string): Manual {
  const text = readFileSync(join(seeds, 'seeds', 'nodogsplash-binauth.txt'), 'utf8');
  const between = (from: string, to: string) => {
    const start = text.indexOf(from);
    const end = to === '' ? text.length : text.indexOf(to, start);
    if (start < 0 || end < 0) throw new Error(`the manual has no part from ${from} to ${to}`);
    return text.slice(start, end);
  };
  return {
    sitewide: between('#!/bin/sh\n\n# EXAMPLE 1', 'The SESSION_START and SESSION_END values'),
    log: between('#!/bin/sh\n\n# This is an example script for BinAuth\n# It can set', ''),
    page: between('<!DOCTYPE html>', 'Example 2 - Local NDS Access Log'),
  };
}
