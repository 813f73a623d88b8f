// What nginx.conf cannot say by itself.

// All values of a repeated header, joined by commas, so that the vault sees a second key and refuses it; nginx's own
// $http_… variable has the first one only. (A repeated Authorization is refused by nginx itself.)
const apiKeys = (r) => r.headersIn['api-key'] || '';
const profileIds = (r) => r.headersIn['x-profile-id'] || '';

// A UUID of version 7 (RFC 9562): 48 bits of milliseconds since 1970, then random bits. nginx's own $request_id is no UUID.
function freshRequestId() {
    const time = Date.now().toString(16).padStart(12, '0');
    const bytes = crypto.getRandomValues(Buffer.alloc(10));
    bytes[0] = bytes[0] & 0x0f | 0x70;
    bytes[2] = bytes[2] & 0x3f | 0x80;
    const random = bytes.toString('hex');
    return [time.slice(0, 8), time.slice(8), random.slice(0, 4), random.slice(4, 8), random.slice(8)].join('-');
}

// The client's own id, or a fresh one if the client's id mentions a card number: ids are logged.
function requestIdWithoutCardNumber(r) {
    const id = r.variables.http_x_request_id;
    return mentionsCardNumber(id) ? freshRequestId() : id;
}

// As core/src/mention.rs has it: a run of 13 to 19 digits, or the groups of a printed number, that pass the Luhn
// check, but for a run in a long word of hexadecimal digits, where it comes by chance.
function mentionsCardNumber(text) {
    const words = text.split(/[^A-Za-z0-9]/);
    const isPrinted = (lengths) => words.some((_, first) => {
        const groups = words.slice(first, first + lengths.length);
        return groups.length === lengths.length
            && groups.every((group, place) => group.length === lengths[place] && /^[0-9]+$/.test(group))
            && passesLuhn(groups.join(''));
    });
    return words.some(hasNumber) || [[4, 4, 4, 4], [4, 4, 4, 4, 3], [4, 6, 5], [4, 6, 4]].some(isPrinted);
}

function hasNumber(word) {
    const isRandom = /^[0-9A-Fa-f]{24,}$/.test(word) && /[A-Fa-f]/.test(word);
    const isNumber = (run) => run.length >= 13 && run.length <= 19 && passesLuhn(run);
    return !isRandom && word.split(/[^0-9]+/).some(isNumber);
}

// From the right, every second digit counts double.
function passesLuhn(digits) {
    const counted = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let sum = 0;
    for (let place = 0; place < digits.length; place++) {
        const digit = Number(digits[digits.length - 1 - place]);
        sum += place % 2 ? counted[digit] : digit;
    }
    return sum % 10 === 0;
}

// 'GET:list_customers POST:create_customer' becomes 'GET, POST'.
function verbsOfRoute(r) {
    return r.variables.route.replace(/:[a-z_]+/g, '').replace(/ /g, ', ');
}

// 200 if the database says that a value can be stored, and 503 whatever else it says. What it says is not for everybody.
async function ready(r) {
    const answer = await r.subrequest('/ready-in-database');
    if (answer.status === 200) {
        r.return(200, '{"status":"ready"}');
    } else {
        r.return(503);
    }
}

// The figures, which the database gives as a JSON string.
async function metrics(r) {
    const answer = await r.subrequest('/metrics-in-database');
    if (answer.status === 200) {
        r.headersOut['Content-Type'] = 'text/plain; version=0.0.4; charset=utf-8';
        r.return(200, JSON.parse(answer.responseText));
    } else {
        r.return(503);
    }
}

// The vault's functions always set x-request-id. An answer without it is PostgREST's own, for instance of an aborted
// transaction or a missing function, and may tell what a client must not see. PostgREST's answers are chunked, so no
// Content-Length has to follow the change.
function bodyFromVaultOnly(r, chunk, flags) {
    if (r.variables.upstream_http_x_request_id) {
        r.sendBuffer(chunk, flags);
        r.done();
    } else if (flags.last) {
        r.sendBuffer(r.variables.something_went_wrong, flags);
    }
}

export default {
    apiKeys, profileIds, freshRequestId, requestIdWithoutCardNumber, verbsOfRoute, ready, metrics, bodyFromVaultOnly,
};
