import { exportKeySet, generateKeySet } from "@fairlead/tickets";

/**
 * `npm run keys`: fresh key sets as lines of an environment file, which a shell can read too. They are secret, and the same for
 * all processes of a cluster.
 */
for (const name of ["FAIRLEAD_TICKET_KEYS", "FAIRLEAD_SESSION_KEYS"])
  console.log(`${name}='${JSON.stringify(await exportKeySet(await generateKeySet()))}'`);
