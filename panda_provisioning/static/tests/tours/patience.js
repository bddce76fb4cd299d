/**
 * Milliseconds that a step waits for what Panda has to do: a button may take 25 seconds,
 * on a busy machine it does, and a step gives up after ten by itself.
 */
export const PATIENCE = 30000;
