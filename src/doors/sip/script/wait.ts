/** The result of a function that must wait: the run is suspended until `run.resume(result)`. No SIP function gives it otherwise. */
export const WAIT = -0x40000000;
