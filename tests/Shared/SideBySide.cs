using System.Runtime.CompilerServices;
using Xunit.Sdk;

namespace TestSupport;

/// <summary>Runs the cases of a test that wait most of the time, all at once: together they take as long as the longest.</summary>
public static class SideBySide
{
    /// <summary>Waits for every case, and tells of each that has failed which one it is.</summary>
    public static async Task RunAsync(params IReadOnlyList<Case> cases)
    {
        var failures = (await Task.WhenAll(cases.Select(FailureAsync))).OfType<Exception>().ToList();
        if (failures.Count > 0)
        {
            throw failures.Count == 1 ? failures[0] : new AggregateException(failures);
        }
    }

    private static async Task<Exception?> FailureAsync(Case one)
    {
        try
        {
            await one.Running;
            return null;
        }
        catch (Exception failure)
        {
            return new XunitException($"{one.Call}: {failure.Message}", failure);
        }
    }
}

/// <summary>One case of a test, which is under way and touches nothing of the others, and the call that has begun it.</summary>
public sealed record Case(Task Running, [CallerArgumentExpression(nameof(Case.Running))] string Call = "");
