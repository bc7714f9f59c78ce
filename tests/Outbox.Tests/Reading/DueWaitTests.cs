using Microsoft.Extensions.Time.Testing;
using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class DueWaitTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly DueWalk _walk;

    public DueWaitTests() => _walk = new DueWalk(new Lookahead(batchSize: 8), batchSize: 8, _clock);

    [Theory]
    [InlineData(1_001, 0, 1_100)]
    [InlineData(1_099, 0, 1_100)]
    [InlineData(1_099, 1_000, 100)]
    [InlineData(1_099, 5_000, 10)]
    [InlineData(60_000, 0, 30_000)]
    public void Rows_that_were_deferred_within_a_tenth_of_a_second_are_waited_for_together(int next, int elapsed, int wait)
    {
        Look(TimeSpan.FromMilliseconds(next));
        _clock.Advance(TimeSpan.FromMilliseconds(elapsed));

        Assert.Equal(TimeSpan.FromMilliseconds(wait), _walk.UntilNext(Bound));
    }

    [Fact]
    public void Where_none_is_deferred_any_more_the_bound_is_waited_for()
    {
        Assert.Equal(Bound, _walk.UntilNext(Bound));

        Look(TimeSpan.FromSeconds(1));
        Look(next: null);

        Assert.Equal(Bound, _walk.UntilNext(Bound));
    }

    private void Look(TimeSpan? next)
    {
        Assert.NotNull(_walk.Next());
        _walk.Found(new DueStretch([], DateTime.UnixEpoch, TimeSpan.Zero, next));
    }
}
