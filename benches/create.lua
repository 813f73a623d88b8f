-- wrk: a create with another card each time, or with BATCH of so many; with CONNECTOR it asks for a token there. With PAUSE, in milliseconds, it waits so
-- long before each, and prints the median of the latencies in milliseconds.

local customers = {}
for id in string.gmatch(os.getenv("CUSTOMERS"), "[^,]+") do
    customers[#customers + 1] = id
end

-- Of sixteen digits, with the last one by Luhn's rule.
local function card_number()
    local payload = "411111" .. string.format("%09d", math.random(0, 999999999))
    local sum = 0
    for position = 1, 15 do
        local digit = tonumber(payload:sub(position, position))
        if position % 2 == 1 then
            digit = digit * 2 > 9 and digit * 2 - 9 or digit * 2
        end
        sum = sum + digit
    end
    return payload .. (10 - sum % 10) % 10
end

local batch = tonumber(os.getenv("BATCH") or "")

function init()
    local random = io.open("/dev/urandom", "rb")
    local a, b, c = random:read(3):byte(1, 3)
    random:close()
    math.randomseed(a * 65536 + b * 256 + c)
    wrk.method = "POST"
    wrk.path = batch and "/v2/payment-methods/batch" or "/v2/payment-methods"
    wrk.headers["api-key"] = os.getenv("VAULT_API_KEY")
    wrk.headers["x-profile-id"] = os.getenv("VAULT_PROFILE_ID")
end

local tokenization = ""
if (os.getenv("CONNECTOR") or "") ~= "" then
    tokenization = string.format(
        ',"psp_tokenization":{"tokenization_type":"single_use","connector_id":"%s"}', os.getenv("CONNECTOR"))
end

local function create()
    return string.format(
        '{"payment_method_type":"card","customer_id":"%s","payment_method_data":{"card":{"card_number":"%s",'
            .. '"card_exp_month":"03","card_exp_year":"2048","card_holder_name":"joseph Doe"}}%s}',
        customers[math.random(#customers)], card_number(), tokenization)
end

function request()
    if not batch then return wrk.format(nil, nil, nil, create()) end
    local items = {}
    for item = 1, batch do items[item] = create() end
    return wrk.format(nil, nil, nil, '{"payment_methods":[' .. table.concat(items, ",") .. "]}")
end

local pause = tonumber(os.getenv("PAUSE") or "")
if pause then
    function delay() return pause end
    function done(_, latency) print("latency " .. latency:percentile(50) / 1000) end
end
