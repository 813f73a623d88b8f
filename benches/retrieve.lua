-- wrk: retrieves of different payment methods. SUFFIX stands behind their ids.

local methods = {}
for id in string.gmatch(os.getenv("METHODS"), "[^,]+") do
    methods[#methods + 1] = id
end

function init()
    wrk.headers["api-key"] = os.getenv("VAULT_API_KEY")
    wrk.headers["x-profile-id"] = os.getenv("VAULT_PROFILE_ID")
end

function request()
    return wrk.format(nil, "/v2/payment-methods/" .. methods[math.random(#methods)] .. (os.getenv("SUFFIX") or ""))
end
