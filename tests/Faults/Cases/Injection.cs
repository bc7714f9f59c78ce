using Servers;

namespace Faults;

/// <summary>What a case does its work with: the arena, a random of its own, and a list of what it broke.</summary>
internal sealed class Injection(Arena arena, Load load, Baseline since, Random random, CancellationToken cancellationToken)
{
    private readonly Stack<Func<Task>> _undo = new();
    private readonly List<string> _faults = [];

    public Arena Arena => arena;

    public Fleet Fleet => arena.Fleet;

    public Database Database => arena.Database;

    public Broker Broker => arena.Broker;

    public Load Load => load;

    /// <summary>Where the tables stood when the case began.</summary>
    public Baseline Since => since;

    public Random Random => random;

    public CancellationToken Cancellation => cancellationToken;

    /// <summary>Each fault that was injected, in order.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Since when the broker takes connections again, where it did not.</summary>
    public DateTime? BrokerBackAt { get; private set; }

    /// <summary>What a case itself has against the service.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>Figures that the case has watched.</summary>
    public List<Trend> Trends { get; } = [];

    /// <summary>How many messages this case has made that must end as dead letters.</summary>
    public int DeadLetters { get; set; }

    /// <summary>How many rows this case has written that must end parked.</summary>
    public int ParkedRows { get; set; }

    /// <summary>Counts a fault.</summary>
    public void Note(string fault)
    {
        lock (_faults)
        {
            _faults.Add(fault);
        }
    }

    /// <summary>What to do when the case is healed; the last fault is healed first.</summary>
    public void ToHeal(Func<Task> undo) => _undo.Push(undo);

    public void ToHeal(Action undo) => _undo.Push(() =>
    {
        undo();
        return Task.CompletedTask;
    });

    public void BrokerIsBack() => BrokerBackAt = DateTime.UtcNow;

    public T OneOf<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];

    /// <summary>Lets the service work, or suffer, for a time between the two.</summary>
    public Task PauseAsync(double least, double most) =>
        Task.Delay(TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least))), cancellationToken);

    /// <summary>Waits for something that the fault needs.</summary>
    /// <exception cref="TimeoutException">It did not come to be.</exception>
    public async Task UntilAsync(Func<Task<bool>> condition, TimeSpan deadline, string what)
    {
        if (!await Poll.UntilAsync(condition, deadline, cancellationToken))
        {
            throw new TimeoutException($"Not within {deadline.TotalSeconds:0} s: {what}");
        }
    }

    public Task KillAsync(ServiceProcess process)
    {
        Note($"kill -9 {process.Name}");
        return process.KillAsync();
    }

    public void Freeze(ServiceProcess process)
    {
        Note($"freeze {process.Name}");
        process.Freeze();
        ToHeal(process.Continue);
    }

    /// <summary>The relay that owns the outbox; any of them while none does.</summary>
    public async Task<ServiceProcess> OwnerAsync() => await Fleet.OwnerAsync(cancellationToken) ?? OneOf(Fleet.Relays);

    /// <summary>Undoes whatever is still broken.</summary>
    public async Task HealAsync()
    {
        while (_undo.TryPop(out var undo))
        {
            await undo();
        }

        foreach (var process in Fleet.All)
        {
            process.Postgres.Heal();
            process.RabbitMq.Heal();
        }

        foreach (var process in Fleet.All.Where(process => process.IsArmed))
        {
            await process.KillAsync();
        }
    }
}
