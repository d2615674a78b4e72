import Domain
import Engine
import Integrations
import Logging

/// Tells the marketplace of the configuration who we are, and registers there. One that cannot be reached is
/// tried again by itself: no reason not to serve.
struct Introduction {
    let engine: Engine
    let partner: Configuration.Partner
    /// Where the marketplace can reach us, without a trailing `/`.
    let publicURL: String
    let logger: Logger

    func tell() async {
        do {
            if let reason = try await undelivered() {
                logger.warning(
                    "the marketplace did not take our registration",
                    metadata: ["because": "\(reason)"]
                )
            }
        } catch {
            logger.warning("the marketplace was not told of us", metadata: ["because": "\(error)"])
        }
    }

    /// - Returns: why the registration has not arrived; nil when it has, or when none is wanted.
    private func undelivered() async throws(CommandError) -> String? {
        if let id = partner.id, let key = partner.key {
            let known = try await engine.credentials(of: .engineYardV1)?.auth
            if known != AuthHMAC(id: id, key: key.value) {
                try await engine.setCredentials(.engineYardV1, id: id, key: key.value, salt: nil)
            }
        }
        guard let url = partner.registration?.text,
            try await engine.accounts().marketplaces[.engineYardV1]?.serviceURL == nil
        else { return nil }
        let service = PartnerService.own(publicURL)
        return try await engine.announce(.register, at: url, body: service.post)?.reason
    }
}
