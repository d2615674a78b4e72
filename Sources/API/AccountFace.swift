package import Domain
package import Effects
package import Engine
package import Integrations

/// Accounts and marketplaces, as the routes need them.
package protocol AccountFace: Sendable {
    func credentials(of marketplace: MarketplaceKind) async throws(CommandError) -> PartnerCredentials?
    func setCredentials(
        _ marketplace: MarketplaceKind,
        _ wanted: PartnerCredentials
    ) async throws(CommandError)
    func accounts() async throws(CommandError) -> AccountTable
    func openAccount(_ wanted: AccountOpened) async throws(CommandError) -> UInt32
    func closeAccount(_ number: UInt32, _ marketplace: MarketplaceKind) async throws(CommandError)
    func choosePlan(
        _ number: UInt32,
        _ plan: PlanName,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError)
    func provision(
        _ wanted: SchedulerProvisioned,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError) -> Flow.Provisioned
    func provisioned(_ scheduler: UInt32) async throws(CommandError) -> Flow.Provisioned?
    func decommission(
        _ scheduler: UInt32,
        of account: UInt32,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError)
    func rotate(_ scheduler: UInt32, serviceURL: String) async throws(CommandError)
        -> (Flow.Provisioned, news: String)
    func announce(
        _ purpose: PostPurpose,
        to marketplace: MarketplaceKind,
        at url: String,
        body: JSON?
    ) async throws(CommandError) -> PendingPost?
    func ask(_ marketplace: MarketplaceKind, at address: WebAddress) async throws(CommandError)
        -> Outcome.Result
    func useLink(_ link: LinkUsed, by user: AccountUser?) async throws(CommandError) -> Bool
    func renameUser(
        _ id: String,
        of account: UInt32,
        email: String?,
        name: String?,
        isOwner: Bool?,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError)
    func forgetUser(
        _ id: String,
        of account: UInt32,
        _ marketplace: MarketplaceKind
    ) async throws(CommandError)
    func promise(
        _ keys: SchedulerKeys,
        of scheduler: UInt32,
        by grant: OpenGrant
    ) async throws(CommandError)
    func isWaiting(_ scheduler: UInt32) async throws(CommandError) -> Bool
    func resendPost(_ id: PostID) async throws(CommandError)
    func billPreview() async throws(CommandError) -> [Flow.Bill]
    func sessionKey() async throws(CommandError) -> [UInt8]
}
