// gate.js -- what a function of a test waits for, for exactly as long as the test wants.
//
//   create function slow() … perform ${PASS} …       it waits while the gate is shut
//   const gate = gateOf(cluster);
//   await gate.shut();  …  await gate.open();
//   pass(2)  gateOf(cluster, 2)                         another gate
//
// A function that slept instead would be over too soon on a busy machine, one day. The gate is an advisory
// lock, held by a session of its own from shut() to open().

const GATE = 4711;

export const pass = (gate) => `pg_advisory_xact_lock_shared(${gate})`;
export const PASS = pass(GATE);

export function gateOf(cluster, number = GATE) {
  let keeper;
  return {
    async shut() {
      keeper = await cluster.connect();
      await keeper.query(`select pg_advisory_lock(${number})`);
    },
    open: () => keeper.end(),
  };
}
