import Crypto
import Domain
import Effects
import Testing

@testable import Counterparts
@testable import Integrations

/// A receiver of Standard Webhooks: knows one shared secret or one public key, is content with any signature
/// that fits, refuses old messages and answers a repeated id as before.
private struct WebhookReceiver {
    var secret: [UInt8]?
    var publicKey: [UInt8]?
    var now: Timestamp
    var seen: Set<String> = []

    mutating func answer(_ request: ChannelRequest) -> Answer {
        guard let id = request.header("webhook-id"), let time = request.header("webhook-timestamp"),
            let seconds = Int64(time), abs(seconds - now.seconds) <= 300,
            let signatures = request.header("webhook-signature")
        else { return .text(400, "no headers") }
        let content = Array("\(id).\(time).".utf8) + request.body
        let isGenuine = signatures.split(separator: " ").contains { fits($0, content) }
        guard isGenuine else { return .text(401, "no matching signature") }
        guard request.json?["type"]?.string != nil, request.body.count <= 20_000 else {
            return .text(400, "")
        }
        seen.insert(id)
        return .text(204, "")
    }

    private func fits(_ signature: Substring, _ content: [UInt8]) -> Bool {
        let parts = signature.split(separator: ",", maxSplits: 1)
        guard parts.count == 2, let bytes = Base64.decode(String(parts[1])) else { return false }
        switch (parts[0], secret, publicKey) {
        case ("v1", .some(let secret), _):
            return HMAC<SHA256>.isValidAuthenticationCode(
                bytes,
                authenticating: content,
                using: SymmetricKey(data: secret)
            )
        case ("v1a", _, .some(let key)):
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key)
            return key?.isValidSignature(bytes, for: content) == true
        default: return false
        }
    }
}

struct WebhookTests {
    private static let old = "whsec_" + Base64.encode(Array(repeating: 1, count: 24))
    private static let new = "whsec_" + Base64.encode(Array(repeating: 2, count: 64))
    private static let url = "https://user:pass@hooks.example.com/in?key=s3cret"
    private static let settings =
        #"{"kind":"webhook","url":"\#(url)","secrets":["\#(new)","\#(old)"],"ed25519":true,"#
        + #""headers":{"X-Tenant":"t3nant"}}"#

    @Test func `old and new secret, and both public keys, accept every message during a rotation`() throws {
        var story = try Story(Self.settings)
        var receivers = [
            WebhookReceiver(secret: Array(repeating: 1, count: 24), now: story.now),
            WebhookReceiver(secret: Array(repeating: 2, count: 64), now: story.now),
        ]
        receivers += Story.sender.signingSeeds.map {
            WebhookReceiver(publicKey: $0.publicKey, now: story.now)
        }
        for kind in AlertMessage.Kind.allCases {
            let verdict = story.tell(kind) { request in
                var answers: [Answer] = []
                for index in receivers.indices {
                    receivers[index].now = Story.openedAt + .minutes(3)
                    answers.append(receivers[index].answer(request))
                }
                return answers.first { $0.status != 204 } ?? .text(204, "")
            }
            #expect(verdict.isDelivered, "\(verdict)")
            try Golden.expect(story.requests.last?.text ?? "", "webhook", "\(kind.word).txt")
        }
        #expect(receivers.allSatisfy { $0.seen.count == 6 })
        var stranger = WebhookReceiver(secret: Array(repeating: 3, count: 24), now: story.now)
        #expect(stranger.answer(story.requests[0]).status == 401)
        #expect(story.requests.allSatisfy { $0.header("Authorization") == "Basic dXNlcjpwYXNz" })
    }

    @Test func `the public keys document names every key that signs`() throws {
        let document = PublicKeyDocument.json(Story.sender.signingSeeds)
        try Golden.expect(document.pretty + "\n", "webhook", "chronatog-keys.json")
        let keys = document["keys"]?.array ?? []
        #expect(keys.count == 2)
        let first = keys.first?["x"]?.string.flatMap { Base64.decode($0) }
        #expect(first == Story.sender.signingSeeds.first?.publicKey)
    }

    @Test func `RFC 8032, second test, signs as published`() throws {
        let seed = try #require(
            SigningSeed(try Self.bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
        )
        #expect(
            hexadecimal(seed.publicKey) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        )
        #expect(SigningSeed([1, 2, 3]) == nil)
    }

    private static func bytes(_ hex: String) throws -> [UInt8] {
        try stride(from: 0, to: hex.count, by: 2).map { place in
            try #require(UInt8(hex.dropFirst(place).prefix(2), radix: 16))
        }
    }

    @Test func `a body stays below twenty kilobytes`() throws {
        var story = try Story(Self.settings)
        let details = (0..<5000).map { "\($0) " + String(repeating: "ü", count: 2000) }
        let message = Story.message(.open, title: String(repeating: "é", count: 9000), details: details)
        _ = story.attempt(message) { _ in .answered(.text(204, "")) }
        #expect(story.requests[0].body.count <= 20_000)
    }

    @Test func `410 switches the channel off, a redirect and other refusals are final`() throws {
        var story = try Story(Self.settings)
        let gone = story.opened(answer: .text(410, "pass s3cret t3nant"))
        #expect(gone.isBroken)
        for secret in ["pass", "s3cret", "t3nant"] { #expect(gone.reason?.contains(secret) == false) }
        for status: UInt16 in [301, 400, 401, 404] {
            #expect(story.opened(answer: .text(status, "")).isDead, "\(status)")
        }
        for status: UInt16 in [408, 425, 429, 500, 503] {
            #expect(story.opened(answer: .text(status, "")).isRetry, "\(status)")
        }
        let rest = story.opened(answer: .text(503, "", retryAfter: "Fri, 02 Jan 2026 03:05:05 GMT"))
        #expect(rest.pausedUntil == Story.openedAt + .seconds(60))
    }
}
