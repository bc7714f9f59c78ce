namespace Outbox.Tests.Reading;

/// <summary>How long the reader may be silent before it counts as stuck.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ReadPulseTests(ServersFixture servers)
{
    [Fact]
    public async Task Each_read_has_a_time_of_its_own()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        reader.Pulse.Busy(TimeSpan.FromSeconds(1));
        reader.Clock.Shift = TimeSpan.FromSeconds(10);
        Assert.True(reader.Pulse.IsStuck);

        await reader.ReadAsync();

        Assert.False(reader.Pulse.IsStuck);
    }

    [Fact]
    public async Task A_wide_look_leaves_its_time_to_no_other()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddNotesAsync(1, 1);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);

        await reader.ReadAsync();
        await reader.ReadAsync();
        reader.Clock.Shift = TimeSpan.FromMinutes(2);

        Assert.True(reader.Pulse.IsStuck);
    }
}
