// What nginx.conf cannot say by itself.

const SOMETHING_WENT_WRONG = '{"error":{"type":"api","message":"Something went wrong","code":"HE_00"}}';

// All values of a repeated header, joined by commas, so that the vault sees a second key and refuses it; nginx's own
// $http_… variable has the first one only. (A repeated Authorization is refused by nginx itself.)
const apiKeys = (r) => r.headersIn['api-key'] || '';
const profileIds = (r) => r.headersIn['x-profile-id'] || '';

// A UUID of version 7 (RFC 9562): 48 bits of milliseconds since 1970, then random bits.
function freshRequestId() {
    const time = Date.now().toString(16).padStart(12, '0');
    const bytes = crypto.getRandomValues(Buffer.alloc(10));
    bytes[0] = bytes[0] & 0x0f | 0x70;
    bytes[2] = bytes[2] & 0x3f | 0x80;
    const random = bytes.toString('hex');
    return [time.slice(0, 8), time.slice(8), random.slice(0, 4), random.slice(4, 8), random.slice(8)].join('-');
}

// 'GET:list_customers POST:create_customer' becomes 'GET, POST'.
function verbsOfRoute(r) {
    return r.variables.route.replace(/:[a-z_]+/g, '').replace(/ /g, ', ');
}

// The vault's functions always set x-request-id. An answer without it is PostgREST's own, for instance of an aborted
// transaction or a missing function, and may tell what a client must not see. PostgREST's answers are chunked, so no
// Content-Length has to follow the change.
function bodyFromVaultOnly(r, chunk, flags) {
    if (r.variables.upstream_http_x_request_id) {
        r.sendBuffer(chunk, flags);
        r.done();
    } else if (flags.last) {
        r.sendBuffer(SOMETHING_WENT_WRONG, flags);
    }
}

export default { apiKeys, profileIds, freshRequestId, verbsOfRoute, bodyFromVaultOnly };
