/** What can be wrong with gatehouse.yaml and the environment variables that stand in for it. */
export const CONFIG_ERRORS = {
  CONFIG_INVALID: 'the configuration has errors; each is listed with its place',
  CONFIG_UNREADABLE: 'the configuration file is missing, too large or cannot be read',
  CONFIG_SYNTAX: 'the configuration file is not valid YAML',
  CONFIG_DUPLICATE: 'an option is given twice',
  CONFIG_UNKNOWN: 'there is no such option',
  CONFIG_MISSING: 'an option that must be given is missing',
  CONFIG_VALUE: 'the value of an option is not one of those allowed',
} as const;

export type ConfigCode = keyof typeof CONFIG_ERRORS;
