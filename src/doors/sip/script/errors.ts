/** The codes of everything that `check` and the interpreter can say about a script, each with its meaning. */
export const SCRIPT_ERRORS = {
  SCRIPT_CHARACTER: 'a character, number or string that the language does not know or that is not closed',
  SCRIPT_SYNTAX: 'the words are known, their order is not',
  SCRIPT_MISPRINT: 'something that printing or copying put into the text: a callout number, a page break, a mail link',
  SCRIPT_UNSUPPORTED: 'a construct of OpenSER or Kamailio that Gatehouse does not run yet',
  SCRIPT_KAMAILIO: 'the file, or a part of it, is written for Kamailio 3 or a later OpenSIPS',
  SCRIPT_GLOBAL: 'an unknown global setting, or a value it cannot have',
  SCRIPT_MODULE: 'a module that Gatehouse does not have',
  SCRIPT_LOADMODULE: 'a loadmodule line is missing or comes too late',
  SCRIPT_PARAMETER: 'an unknown module parameter, or a value it cannot have',
  SCRIPT_FUNCTION: 'an unknown function, or one that may not be used so or there',
  SCRIPT_ARGUMENT: 'an argument that the function cannot take',
  SCRIPT_ROUTE: 'a route block that does not exist or cannot have this number',
  SCRIPT_RECURSION: 'a route that calls itself',
  SCRIPT_VALUE: 'a condition that compares what cannot be compared',
  SCRIPT_VARIABLE: 'a variable that does not exist, cannot be written so, or cannot be assigned to',
  SCRIPT_PATTERN: 'a regular expression that cannot be read',
  SCRIPT_IGNORED: 'a setting without effect here',
  SCRIPT_BREAK: 'break outside of switch and while in a file of the OpenSER dialect, where it ends the whole script',
  SCRIPT_ENDS: 'a condition on a function whose success ends the route or script',
  SCRIPT_LITERAL: 'a variable within a text that is taken as it stands',
  SCRIPT_NEVER_TRUE: 'a condition that can never be true',
  SCRIPT_CLEAR_PASSWORDS: 'passwords are expected in clear text in the database',
  SCRIPT_PRELOADED_ROUTE: 'requests with a preloaded Route are relayed without authentication',
  SCRIPT_UNAUTHENTICATED: 'requests are relayed or contacts stored without authentication',
} as const;

export type ScriptErrorCode = keyof typeof SCRIPT_ERRORS;
