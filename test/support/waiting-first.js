const { default: Sequencer } = require('@jest/test-sequencer');

/** Minutes in which Terraform's provider waits for an instance to come or to go. */
const WAITING = [/\/test\/acceptance\//, /\/test\/sandbox\/sandbox\.test\.ts$/];

/**
 * Starts the files that mostly wait before all others. Jest knows which are slow only from an earlier run, which a fresh
 * clone has not had.
 */
module.exports = class WaitingFirst extends Sequencer {
  sort(tests) {
    const isWaiting = ({ path }) => WAITING.some((expression) => expression.test(path));
    const sorted = super.sort(tests);
    return [...sorted.filter(isWaiting), ...sorted.filter((test) => !isWaiting(test))];
  }
};
