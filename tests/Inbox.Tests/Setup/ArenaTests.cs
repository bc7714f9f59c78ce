namespace Inbox.Tests;

/// <summary>Tests that need servers: each gets an arena of its own.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public abstract class ArenaTests(ServersFixture servers) : IAsyncLifetime
{
    protected ServersFixture Fixture => servers;

    protected InboxArena Arena { get; private set; } = null!;

    public async Task InitializeAsync() => Arena = await InboxArena.CreateAsync(servers);

    public async Task DisposeAsync() => await Arena.DisposeAsync();

    /// <summary>What failed stays in the first retry queue for the length of a test.</summary>
    protected static void RetryInAnHour(ConsumerSetup setup) => setup.Settings["Inbox:Retry:First"] = "1h";

    protected string RetryInAnHourQueue => RetryInAnHourQueueOf(Arena);

    protected Task UntilDeferredAsync(uint messages = 1) => UntilDeferredAsync(Arena, messages);

    protected static Task UntilDeferredAsync(InboxArena arena, uint messages) => Eventually.EqualsAsync(
        messages, () => arena.MessagesAsync(RetryInAnHourQueueOf(arena)), TimeSpan.FromSeconds(20), "messages in the retry queue");

    private static string RetryInAnHourQueueOf(InboxArena arena) => arena.Queue + ".retry.3600000";
}
