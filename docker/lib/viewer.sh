# shellcheck shell=bash
# The reader of the API's description that nginx serves at /docs: Swagger UI. The Dockerfile uses this file alone.

readonly VIEWER=swagger-ui-dist@5.35.0
readonly VIEWER_SHA512=534eaba4cb56f55dd73c638179a993512af4674f63317e0826e00da44fc465b021c341bc0a0c2bcd4e18997927fe1d3008336c5dd19aad334d1c2dec53cc9551

# Fetches the viewer's files into the current directory. Needs npm.
fetch_viewer() {
    local files=(package/LICENSE package/swagger-ui.css package/swagger-ui-bundle.js)
    unpack_from_npm "$VIEWER" "$VIEWER_SHA512" "${files[@]}"
    mv "${files[@]}" .
    rmdir package
}

# Unpacks files of an npm package into the current directory: PACKAGE SHA512 PATH…
unpack_from_npm() {
    npm pack --silent "$1" >archive-name
    mv "$(cat archive-name)" archive.tgz
    echo "$2  archive.tgz" | sha512sum --check --quiet
    tar -xzf archive.tgz "${@:3}"
    rm archive.tgz archive-name
}
