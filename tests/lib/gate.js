// gate.js -- what a function of a test waits for, for exactly as long as the test wants.
//
//   create function slow() … perform ${PASS} …       it waits while the gate is shut
//   const gate = gateOf(cluster);
//   await gate.shut();  …  await gate.open();
//
// A function that slept instead would be over too soon on a busy machine, one day. The gate is an advisory
// lock, held by a session of its own from shut() to open().

const GATE = 4711;

export const PASS = `pg_advisory_xact_lock_shared(${GATE})`;

export function gateOf(cluster) {
  let keeper;
  return {
    async shut() {
      keeper = await cluster.connect();
      await keeper.query(`select pg_advisory_lock(${GATE})`);
    },
    open: () => keeper.end(),
  };
}
