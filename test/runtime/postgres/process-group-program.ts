import { startGroup } from '../../../src/runtime/postgres/process-group';

/** A parent: its group writes down the process ids of the parent, the leader and a worker. */
const [pids] = process.argv.slice(2);
const script = `trap "" TERM; sh -c 'trap "" TERM; sleep 10000' & echo $1 $$ $! > ${pids}.new; mv ${pids}.new ${pids}; wait; sleep 10000`;
startGroup('/bin/sh', ['-c', script, 'sh', String(process.pid)], { PATH: process.env.PATH });
setInterval(() => undefined, 1000);
