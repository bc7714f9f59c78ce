namespace Template.Tests;

/// <summary>The files below a directory.</summary>
internal static class Tree
{
    /// <summary>Full paths by relative path with slashes, without directories of names that are left out.</summary>
    public static IReadOnlyDictionary<string, string> Files(string root, Func<string, bool> leaveOut)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Add(new DirectoryInfo(root));
        return files;

        void Add(DirectoryInfo directory)
        {
            foreach (var file in directory.GetFiles())
            {
                files.Add(Path.GetRelativePath(root, file.FullName).Replace('\\', '/'), file.FullName);
            }

            foreach (var below in directory.GetDirectories().Where(below => !leaveOut(below.Name)))
            {
                Add(below);
            }
        }
    }
}
