import Cron

/// Reads the command line and the environment into a `Configuration`, and collects everything that is wrong.
///
/// Precedence: flag, then variable, then the file that `…_FILE` names, then an alias, then the default.
struct ConfigurationReader {
    var environment: [String: String]
    /// The contents of a small file, or why there are none.
    var readFile: (String) throws(FileFault) -> String

    /// What was read. `faults` empty means that the configuration may be used.
    struct Reading {
        var configuration = Configuration()
        /// By setting; absent means the default.
        var origins: [String: Origin] = [:]
        var faults: [String] = []
        var warnings: [String] = []
        /// `-h` or `--help` was among the arguments.
        var wantsHelp = false
    }

    /// Where a value came from.
    enum Origin: Sendable, Equatable {
        case flag
        case variable(String)
        /// The file that the variable names.
        case file(variable: String)

        var text: String {
            switch self {
            case .flag: "flag"
            case .variable(let name): name
            case .file(let name): "file named by \(name)"
            }
        }
    }

    init(
        environment: [String: String],
        readFile: @escaping (String) throws(FileFault) -> String = { path throws(FileFault) in
            try SmallFile.text(of: path)
        }
    ) {
        self.environment = environment
        self.readFile = readFile
    }

    func read(arguments: [String]) -> Reading {
        var reading = Reading()
        let flags = FlagParser.parse(arguments, into: &reading)
        for setting in Setting.table {
            if let texts = flags[setting.name] {
                apply(setting, texts, from: .flag, spelled: "--\(setting.name)", to: &reading)
            } else if let (text, origin, spelling) = value(of: setting, faults: &reading.faults) {
                apply(setting, [text], from: origin, spelled: spelling, to: &reading)
            }
        }
        refuseUnknownVariables(&reading)
        reading.check()
        return reading
    }

    private func apply(
        _ setting: Setting,
        _ texts: [String],
        from origin: Origin,
        spelled spelling: String,
        to reading: inout Reading
    ) {
        reading.origins[setting.name] = origin
        for text in texts {
            do {
                try setting.write(text, &reading.configuration)
            } catch {
                // A secret's text stays out of messages; the faults of `Secret` do not quote it.
                reading.faults.append("\(spelling) \(error.sentence)")
            }
        }
    }

    /// What the environment says about a setting.
    private func value(
        of setting: Setting,
        faults: inout [String]
    ) -> (text: String, origin: Origin, spelling: String)? {
        if let found = value(of: setting.variable, faults: &faults) { return found }
        for alias in setting.aliases {
            guard let found = value(of: alias.variable, faults: &faults), !found.text.isEmpty else {
                continue
            }
            return (alias.translate(found.text), found.origin, found.spelling)
        }
        return nil
    }

    private func value(
        of variable: String,
        faults: inout [String]
    ) -> (text: String, origin: Origin, spelling: String)? {
        let fileVariable = variable + Setting.fileSuffix
        // `CHRONATOG_X_FILE` may itself be a setting of that name; then it is not the file form of `X`.
        let isFileForm = !Setting.table.contains { $0.variable == fileVariable }
        let path = isFileForm ? environment[fileVariable] : nil
        switch (environment[variable], path) {
        case (nil, nil): return nil
        case (let text?, nil): return (text, .variable(variable), variable)
        case (_?, _?):
            faults.append("\(variable) and \(fileVariable) are both set; keep one of them")
            return nil
        case (nil, let path?):
            do {
                var text = try readFile(path)
                if text.hasSuffix("\n") { text.removeLast() }
                return (text, .file(variable: fileVariable), fileVariable)
            } catch {
                faults.append("\(fileVariable): \(error.sentence)")
                return nil
            }
        }
    }

    /// A misspelt variable would otherwise be a setting that silently does nothing.
    private func refuseUnknownVariables(_ reading: inout Reading) {
        var known = Set(Setting.table.flatMap { [$0.variable, $0.variable + Setting.fileSuffix] })
        known.formUnion(ClientVariables.all)
        for name in environment.keys.sorted() where name.hasPrefix(Setting.prefix) && !known.contains(name) {
            guard !Self.isInjectedByPlatform(name) else { continue }
            let hint = NearestWord.hint(for: name, in: known.sorted())
            reading.faults.append("unknown variable \(name)\(hint)")
        }
        let isProxySet = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"].filter {
            environment[$0]?.isEmpty == false
        }
        if !isProxySet.isEmpty {
            reading.warnings.append(
                "\(isProxySet.joined(separator: ", ")) is ignored: calls go straight to the judged address"
            )
        }
    }

    /// Kubernetes and Docker links set these for a service called "chronatog".
    private static func isInjectedByPlatform(_ name: String) -> Bool {
        let rest = name.dropFirst(Setting.prefix.count)
        return rest == "PORT" || rest == "NAME"
            || ["PORT_", "SERVICE_", "ENV_"].contains { rest.hasPrefix($0) }
    }
}

extension ConfigurationReader.Reading {
    /// Faults that need more than one setting to see.
    mutating func check() {
        if configuration.testing.isDemo { configuration.testing.isEphemeral = true }
        let testing = configuration.testing
        if !testing.isEphemeral {
            if testing.clock != nil {
                faults.append("--clock needs --ephemeral: only its clock can be driven")
            }
            if testing.seed != nil {
                faults.append("--seed needs --ephemeral: real keys must not be guessable")
            }
        }
        switch (configuration.server.username, configuration.server.password) {
        case (_?, nil): faults.append("--username needs --password (or CHRONATOG_PASSWORD_FILE)")
        case (nil, _?): faults.append("--password needs --username")
        case (let name?, _?) where name.isEmpty || name.contains(":"):
            faults.append("--username takes a name without a colon, not \"\(name)\"")
        default: break
        }
        checkPartner()
        let data = configuration.data
        if data.reserveBytes.bytes >= data.segmentBytes.bytes / 2 {
            faults.append(
                "--journal-reserve-bytes has to be less than half of --journal-segment-bytes: a segment "
                    + "holds more than the reserve"
            )
        }
        checkSecretKeys()
        checkZones()
        faults += configuration.alerts.channels().faults + configuration.alerts.streams().faults
        do {
            _ = try configuration.alerts.heartbeat(userAgent: "")
        } catch {
            faults.append(error.sentence)
        }
    }

    private mutating func checkPartner() {
        let partner = configuration.partner
        if (partner.id == nil) != (partner.key == nil) {
            faults.append("--partner-id and --partner-key go together (or CHRONATOG_PARTNER_KEY_FILE)")
        }
        if partner.registration != nil, partner.id == nil {
            faults.append("--register needs --partner-id and --partner-key")
        }
    }

    private mutating func checkSecretKeys() {
        guard let keys = configuration.data.secretKeys else { return }
        do {
            _ = try SecretKeyText.keys(in: keys.value)
        } catch {
            faults.append("--secret-key \(error.sentence)")
        }
    }

    private mutating func checkZones() {
        do {
            let zones = try configuration.schedules.openZones()
            _ = try zones.zone(named: configuration.schedules.zone.name)
        } catch {
            faults.append(error.description)
        }
    }
}

extension Configuration.Schedules {
    /// The database that `zoneinfo` names, or the embedded one.
    func openZones() throws(ZoneError) -> ZoneDatabase {
        guard let folder = zoneFolder else { return ZoneDatabase.embedded }
        return try ZoneDatabase(directory: folder.path)
    }
}
