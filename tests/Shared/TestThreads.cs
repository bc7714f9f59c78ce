using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace TestSupport;

/// <summary>The test host blocks threads of the pool. On two cores none may be left, and the pool adds another only after half a
/// second. Not by the project's property: what the service asks of the pool itself would not count beside that.</summary>
internal static class TestThreads
{
    private const int Least = 16;

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The test host begins before any code of a test.")]
    internal static void Reserve()
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, Least), completions);
    }
}
