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

    /// Records who we are and that we register.
    /// - Returns: the registration, when there is one to wait for.
    func begin() async -> PostID? {
        do {
            guard let post = try await intended() else { return nil }
            logger.notice(
                "registering with the marketplace",
                metadata: ["url": "\(partner.registration?.text ?? "")"]
            )
            return post
        } catch {
            logger.warning("the marketplace was not told of us", metadata: ["because": "\(error)"])
            return nil
        }
    }

    /// Says how the first attempt ended; further ones follow by themselves (`chronatog partner posts`).
    func report(_ post: PostID) async {
        do {
            guard let open = try await engine.tried(post) else {
                return logger.notice("the marketplace knows us")
            }
            let next =
                open.isDead
                ? "start again with --register and the URL at which the marketplace lists services, whole"
                : "it is tried again by itself"
            logger.warning(
                "the marketplace did not take our registration",
                metadata: ["because": "\(open.reason)", "next": "\(next)"]
            )
        } catch {
            // The next start takes it up.
            if error == .stopping { return }
            logger.warning("the marketplace was not told of us", metadata: ["because": "\(error)"])
        }
    }

    /// - Returns: the registration; nil when there has been one, or when none is wanted.
    private func intended() async throws(CommandError) -> PostID? {
        if let id = partner.id, let key = partner.key {
            let auth = AuthHMAC(id: id, key: key.value)
            if try await engine.credentials(of: .engineYardV1)?.auth != auth {
                try await engine.setCredentials(.engineYardV1, PartnerCredentials(auth: auth))
            }
        }
        guard let url = partner.registration?.text,
            try await engine.accounts().marketplaces[.engineYardV1]?.serviceURL == nil
        else { return nil }
        let body = PartnerService.own(publicURL).post
        return try await engine.intendToAnnounce(.register, to: .engineYardV1, at: url, body: body)
    }
}
