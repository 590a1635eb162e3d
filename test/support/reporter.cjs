// Mocha's `spec` for people and its `json` (file: reporter option `output`) for the runner, in one.
const { Spec, JSON: Results } = require('mocha').reporters;

module.exports = class extends Spec {
    constructor(runner, options) {
        super(runner, options);
        this.results = new Results(runner, options);
    }
};
