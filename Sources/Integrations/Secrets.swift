internal import Effects

/// Blanks secrets out of text that people or logs get to see.
package enum Secrets {
    package static let mask = "***"
    /// Shorter ones would blank out half a sentence and protect nothing.
    private static let bytesMin = 4

    static func hide(_ secrets: [String], in text: String) -> String {
        String(decoding: hide(secrets, in: Array(text.utf8)), as: UTF8.self)
    }

    /// In bytes, for an answer need not be text. What overlaps, or stands side by side, becomes one mask, so
    /// that no part of a secret is left over. A path keeps its first slash, which sets the host apart.
    package static func hide(_ secrets: [String], in bytes: [UInt8]) -> [UInt8] {
        let secrets = secrets.map { Array($0.utf8) }.filter { $0.count >= bytesMin }
        var begins = [Bool](repeating: false, count: 256)
        for secret in secrets { begins[Int(secret[0])] = true }
        var hidden: [Bool] = []
        for start in bytes.indices where begins[Int(bytes[start])] {
            for secret in secrets where bytes[start...].starts(with: secret) {
                if hidden.isEmpty { hidden = [Bool](repeating: false, count: bytes.count) }
                let first = secret[0] == UInt8(ascii: "/") ? start + 1 : start
                for index in first..<(start + secret.count) { hidden[index] = true }
            }
        }
        guard !hidden.isEmpty else { return bytes }
        var shown: [UInt8] = []
        for index in bytes.indices {
            if !hidden[index] {
                shown.append(bytes[index])
            } else if index == 0 || !hidden[index - 1] {
                shown += mask.utf8
            }
        }
        return shown
    }
}

extension ChannelSettings {
    /// A step as people may see it, without sending it: `alert test --show-payload`.
    package func shown(_ step: ChannelDelivery.Step) -> String {
        switch step {
        case .call(let request): Secrets.hide(secrets, in: request.text)
        case .mail(let mail):
            Secrets.hide(
                secrets,
                in: "mail to \(mail.recipients.joined(separator: ", ")) by \(mail.server.host) port "
                    + "\(mail.server.port)\n\n\(String(decoding: mail.message, as: UTF8.self))"
            )
        case .end(let verdict): verdict.reason ?? "there is nothing to send"
        }
    }
}
