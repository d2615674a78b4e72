/// What client commands read from the environment.
enum ClientVariables {
    static let url = "CHRONATOG_URL"
    static let token = "CHRONATOG_TOKEN"
    static let dataFolder = "CHRONATOG_DATA_DIR"
    static let listen = "CHRONATOG_LISTEN"
    static let username = "CHRONOS_AUTH_USERNAME"
    static let password = "CHRONOS_AUTH_PASSWORD"

    /// With our prefix; `serve` leaves them alone.
    static let all = [url, url + Setting.fileSuffix, token, token + Setting.fileSuffix]
}
