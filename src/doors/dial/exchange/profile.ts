/** The settings of a virtual modem: what Z brings back, &F makes new and &W stores. S registers: V.250 section 6.3 and the Hayes manuals. */

export interface Profile {
  echo: boolean;
  words: boolean;
  quiet: boolean;
  level: number;
  /** &C: 0 the carrier line is always on. */
  carrierDetect: number;
  /** &D: 0 to 3, what a drop of DTR does. */
  dtr: number;
  callerId: boolean;
  registers: Uint8Array;
}

const REGISTERS: Readonly<Record<number, number>> = {
  2: 43,
  3: 13,
  4: 10,
  5: 8,
  6: 2,
  7: 50,
  8: 2,
  10: 14,
  11: 95,
  12: 50,
};

export function factoryProfile(): Profile {
  const registers = new Uint8Array(64);
  for (const [register, value] of Object.entries(REGISTERS)) registers[Number(register)] = value;
  return { echo: true, words: true, quiet: false, level: 4, carrierDetect: 1, dtr: 2, callerId: true, registers };
}

export function copyOf(profile: Profile): Profile {
  return { ...profile, registers: profile.registers.slice() };
}

/** As &V shows it. */
export function profileText({ echo, words, quiet, level, carrierDetect, dtr, registers }: Profile): string {
  const on = (value: boolean) => (value ? 1 : 0);
  const shown = [0, 1, ...Object.keys(REGISTERS).map(Number)].map((n) => `S${n}=${threeDigits(registers[n]!)}`);
  return `E${on(echo)} V${on(words)} Q${on(quiet)} X${level} &C${carrierDetect} &D${dtr} ${shown.join(' ')}`;
}

export function threeDigits(value: number): string {
  return String(value).padStart(3, '0');
}
